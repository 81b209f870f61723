import { type Insertable, sql } from 'kysely';
import type {
  ChargeId,
  ChargeItemId,
  LedgerEntryId,
  RefundId,
  RefundLinesTable,
  RefundsTable,
} from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import type { Refund, RefundLine, Shares } from './refund.ts';

export async function insertRefund(
  tx: Tx,
  refund: Insertable<RefundsTable>,
  lines: readonly Omit<Insertable<RefundLinesTable>, 'refund_id'>[],
): Promise<Refund> {
  const row = await tx.insertInto('refunds').values(refund).returningAll().executeTakeFirstOrThrow();
  await tx
    .insertInto('refund_lines')
    .values(lines.map((line) => ({ ...line, refund_id: row.id })))
    .execute();
  return row;
}

export async function findRefundByKey(reader: Reader, key: string): Promise<Refund | undefined> {
  return reader.selectFrom('refunds').selectAll().where('key', '=', key).executeTakeFirst();
}

/** Finds refunds by id, ordered by id. */
export async function findRefundsByIds(reader: Reader, ids: readonly RefundId[]): Promise<Refund[]> {
  if (ids.length === 0) return [];
  return reader.selectFrom('refunds').selectAll().where('id', 'in', ids).orderBy('id').execute();
}

/** Returns the open refund of a charge; a charge has at most one. */
export async function findOpenRefund(reader: Reader, charge_id: ChargeId): Promise<Refund | undefined> {
  // Index: refunds_one_in_flight.
  return reader
    .selectFrom('refunds')
    .selectAll()
    .where('charge_id', '=', charge_id)
    .where('state', '=', 'reserved')
    .executeTakeFirst();
}

export async function findRefundLines(reader: Reader, refund_id: RefundId): Promise<RefundLine[]> {
  return reader.selectFrom('refund_lines').selectAll().where('refund_id', '=', refund_id).orderBy('id').execute();
}

/** Closes a refund that is in one of the states `from`; undefined if it is in another, or was reversed. */
export async function closeRefund(
  tx: Tx,
  id: RefundId,
  from: readonly Refund['state'][],
  end: Pick<Refund, 'state' | 'detail' | 'updated_at'> & { reversed_at?: Date },
): Promise<Refund | undefined> {
  return tx
    .updateTable('refunds')
    .set(end)
    .where('id', '=', id)
    .where('state', 'in', from)
    .where('reversed_at', 'is', null)
    .returningAll()
    .executeTakeFirst();
}

/**
 * Returns the sums refunded on each line of a charge. Open refunds count, because their money may have been sent; with
 * `without_open` they do not.
 */
export async function sumRefundsByItem(
  reader: Reader,
  charge_id: ChargeId,
  { without_open = false }: { without_open?: boolean } = {},
): Promise<Map<ChargeItemId, Shares & { credit_amount: number }>> {
  const rows = await reader
    .selectFrom('refund_lines as line')
    .innerJoin('refunds as refund', 'refund.id', 'line.refund_id')
    .select('line.charge_item_id')
    .select((eb) => [
      eb.fn.sum<number>('line.amount').as('amount'),
      eb.fn.sum<number>('line.distribute_amount').as('distribute_amount'),
      eb.fn.sum<number>('line.fee_amount').as('fee_amount'),
      eb.fn.sum<number>('line.broker_fee_amount').as('broker_fee_amount'),
      eb.fn.sum<number>('line.credit_amount').as('credit_amount'),
    ])
    .where('refund.charge_id', '=', charge_id)
    .where('refund.state', 'in', without_open ? ['settled'] : ['reserved', 'settled'])
    .groupBy('line.charge_item_id')
    .execute();
  return new Map(rows.map(({ charge_item_id, ...parts }) => [charge_item_id, parts]));
}

/** A line of a refund with the refund. */
export interface RefundLineOfCharge extends Shares {
  key: string;
  state: Refund['state'];
  created_at: Date;
  updated_at: Date;
  charge_item_id: ChargeItemId;
}

/** Returns the lines of all refunds of a charge, oldest first. */
export async function findRefundLinesOfCharge(reader: Reader, charge_id: ChargeId): Promise<RefundLineOfCharge[]> {
  // Index: refunds_charge_id.
  return reader
    .selectFrom('refunds as refund')
    .innerJoin('refund_lines as line', 'line.refund_id', 'refund.id')
    .select(['refund.key', 'refund.state', 'refund.created_at', 'refund.updated_at', 'line.charge_item_id'])
    .select(['line.amount', 'line.distribute_amount', 'line.fee_amount', 'line.broker_fee_amount'])
    .where('refund.charge_id', '=', charge_id)
    .orderBy('line.id')
    .execute();
}

/** Returns the lines of the settled refunds of a charge, oldest first. */
export async function findSettledRefundLines(
  reader: Reader,
  charge_id: ChargeId,
): Promise<{ charge_item_id: ChargeItemId; amount: number; settled_at: Date }[]> {
  // Index: refunds_charge_id.
  return reader
    .selectFrom('refunds as refund')
    .innerJoin('refund_lines as line', 'line.refund_id', 'refund.id')
    .select(['line.charge_item_id', 'line.amount', 'refund.updated_at as settled_at'])
    .where('refund.charge_id', '=', charge_id)
    .where('refund.state', '=', 'settled')
    .orderBy('line.id')
    .execute();
}

/** Returns the open refunds that were created before an instant, oldest first, with an id above `after`. */
export async function findUnfinishedRefunds(
  reader: Reader,
  before: Date,
  { after, limit }: { after: RefundId | null; limit: number },
): Promise<Refund[]> {
  // Index: refunds_one_in_flight, which holds open refunds only.
  return reader
    .selectFrom('refunds')
    .selectAll()
    .where('state', '=', 'reserved')
    .where('is_held', '=', false)
    .where('created_at', '<', before)
    .$if(after !== null, (query) => query.where('id', '>', after))
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Returns the sums of open and settled refunds, by order in the ledger. */
export async function findRefundsOfEntries(
  reader: Reader,
  entry_ids: readonly LedgerEntryId[],
): Promise<Map<LedgerEntryId, number>> {
  if (entry_ids.length === 0) return new Map();
  // Indexes: charge_items_invoiced, refund_lines_charge_item_id.
  const rows = await reader
    .selectFrom('charge_items as item')
    .innerJoin('refund_lines as line', 'line.charge_item_id', 'item.id')
    .innerJoin('refunds as refund', 'refund.id', 'line.refund_id')
    .select((eb) => ['item.invoiced_entry_id', eb.fn.sum<number>('line.amount').as('amount')])
    .where('item.invoiced_entry_id', 'in', [...entry_ids])
    .where('refund.state', 'in', ['reserved', 'settled'])
    .groupBy('item.invoiced_entry_id')
    .execute();
  return new Map(rows.map(({ invoiced_entry_id, amount }) => [invoiced_entry_id, Number(amount)]));
}

/**
 * Returns what settled refunds that left Backlog unchanged took from the funds, by order in the ledger. Units: `unit`
 * is that of the funds.
 */
export async function findRefundedFunds(
  reader: Reader,
  entry_ids: readonly LedgerEntryId[],
): Promise<{ entry_id: LedgerEntryId; amount: number; unit: string }[]> {
  if (entry_ids.length === 0) return [];
  // Indexes: charge_items_invoiced, refund_lines_charge_item_id.
  const rows = await reader
    .selectFrom('charge_items as item')
    .innerJoin('refund_lines as line', 'line.charge_item_id', 'item.id')
    .innerJoin('refunds as refund', 'refund.id', 'line.refund_id')
    .select(['item.invoiced_entry_id as entry_id', 'line.funds_unit as unit'])
    .select(sql<number>`sum(line.distribute_amount + line.fee_amount + line.broker_fee_amount)`.as('amount'))
    .where('item.invoiced_entry_id', 'in', [...entry_ids])
    .where('refund.state', '=', 'settled')
    .where('refund.returns_backlog', '=', false)
    .groupBy(['item.invoiced_entry_id', 'line.funds_unit'])
    .execute();
  return rows.map((row) => ({ ...row, amount: Number(row.amount) }));
}

/** Stores the share of the broker that a refund returns. */
export async function insertFeeDue(tx: Tx, id: RefundId, fee_amount: number): Promise<void> {
  await tx.updateTable('refunds').set({ fee_state: 'pending', fee_amount }).where('id', '=', id).execute();
}

/** Closes the return of a share that is pending; undefined if it was closed before. */
export async function closeFeeDue(
  tx: Tx,
  id: RefundId,
  fee_state: 'returned' | 'refused',
  updated_at: Date,
): Promise<Refund | undefined> {
  return tx
    .updateTable('refunds')
    .set({ fee_state, updated_at })
    .where('id', '=', id)
    .where('fee_state', '=', 'pending')
    .returningAll()
    .executeTakeFirst();
}

/** Returns the refunds whose share of the broker was not returned yet, by id, with an id above `after`. */
export async function findFeesDue(
  reader: Reader,
  { after, limit }: { after: RefundId | null; limit: number },
): Promise<Refund[]> {
  // Index: refunds_fee_pending.
  return reader
    .selectFrom('refunds')
    .selectAll()
    .where('fee_state', '=', 'pending')
    .$if(after !== null, (query) => query.where('id', '>', after))
    .orderBy('id')
    .limit(limit)
    .execute();
}
