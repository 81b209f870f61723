import { type Expression, sql, type SqlBool } from 'kysely';
import type { ChargeId, CreditId, LedgerEntryId, ProfileId } from '#platform/db/db-schema';
import { oneOf } from '#platform/db/built-once';
import type { Reader } from '#platform/db/database';
import { selectChargeAttempts, selectChargeLines } from '#payments';

/** Part of a lot that pays part of a line of an order; amount > 0. */
export interface PayingCredit {
  credit_id: CreditId;
  /** Of the line. */
  ledger_entry_id: LedgerEntryId | null;
  provider_id: ProfileId;
  /** In 1/100 of the unit of the line. */
  amount: number;
  unit: string;
}

/** Credit that pays a line of the order of a charge. */
export interface CreditBesideCharge extends PayingCredit {
  /** Number of the line of the charge; null if credit pays the line whole. */
  charge_rank: number | null;
}

/**
 * Finds what credit pays of the orders of charges, beside the charge: by line and in the order of use. Held credit
 * counts until the order is refused.
 */
export async function findCreditOfCharges(
  reader: Reader,
  charge_ids: readonly ChargeId[],
): Promise<Map<ChargeId, CreditBesideCharge[]>> {
  if (charge_ids.length === 0) return new Map();
  // Indexes: charges_pkey, orders_charge_attempt_id_key, order_lines_order_id_rank_key, credit_uses_order_line_id.
  const rows = await selectPaying(reader, sql<SqlBool>`true`)
    .innerJoin(selectChargeAttempts(reader).as('charge'), 'charge.charge_attempt_id', 'orders.charge_attempt_id')
    .leftJoinLateral(
      (eb) =>
        selectChargeLines(reader)
          .whereRef('charge_id', '=', eb.ref('charge.id'))
          .whereRef('invoiced_entry_id', '=', eb.ref('line.ledger_entry_id'))
          .as('item'),
      (join) => join.onTrue(),
    )
    .select(['charge.id as charge_id', 'item.rank as charge_rank'])
    .where('charge.id', '=', oneOf([...new Set(charge_ids)], 'bigint'))
    .execute();
  return Map.groupBy(rows, ({ charge_id }) => charge_id);
}

/** Finds what credit paid of orders in the ledger, by line and in the order of use. */
export async function findCreditOfOrders(reader: Reader, entry_ids: readonly LedgerEntryId[]): Promise<PayingCredit[]> {
  if (entry_ids.length === 0) return [];
  // Indexes: order_lines_ledger_entry_id, credit_uses_order_line_id.
  return selectPaying(
    reader,
    sql<SqlBool>`line.ledger_entry_id = any(${[...new Set(entry_ids)]}::bigint[]) and orders.state = 'settled'`,
  ).execute();
}

function selectPaying(reader: Reader, condition: Expression<SqlBool>) {
  return reader
    .selectFrom('credit_uses as use')
    .innerJoin('order_lines as line', 'line.id', 'use.order_line_id')
    .innerJoin('orders', 'orders.id', 'line.order_id')
    .select(['use.credit_id', 'use.amount', 'line.ledger_entry_id', 'line.provider_id', 'line.unit'])
    .where('use.state', '<>', 'returned')
    .where(condition)
    .orderBy('line.order_id')
    .orderBy('line.rank')
    .orderBy('use.id');
}

/** Adds up what each lot pays, in the order of use. Pure. */
export function sumByLot(
  paying: readonly PayingCredit[],
): { number: number; money: { amount: number; unit: string } }[] {
  const byLot = Map.groupBy(paying, ({ credit_id }) => credit_id);
  return [...byLot].map(([number, uses]) => ({
    number: Number(number),
    money: { amount: uses.reduce((sum, { amount }) => sum + amount, 0), unit: uses[0]?.unit ?? '' },
  }));
}
