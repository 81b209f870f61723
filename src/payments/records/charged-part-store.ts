import { sql } from 'kysely';
import type { ChargeId, ChargeItemId, LedgerEntryId, ProfileId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import type { ChargeState } from './charge.ts';

/** Line of a charge that was paid, with what was taken back from it. Units: 1/100 of the unit of the charge. */
export interface ChargedPart {
  charge_item_id: ChargeItemId;
  charge_id: ChargeId;
  /** Index of the line in its charge. */
  num: number;
  /** The order. */
  invoiced_entry_id: LedgerEntryId;
  provider_id: ProfileId;
  amount: number;
  credit_amount: number;
  noted_amount: number;
  /** `failed`: the payment was charged back. */
  state: Exclude<ChargeState, 'created'>;
  /** Open and settled refunds, without payouts of credit. */
  refunded: number;
  /** Payouts of credit, open and settled. */
  paid_out: number;
  /** Credit that open and settled refunds return. */
  returned: number;
}

/** Finds the paid lines of charges for orders in the ledger, oldest first. Index: charge_items_invoiced. */
export async function findChargedParts(reader: Reader, entry_ids: readonly LedgerEntryId[]): Promise<ChargedPart[]> {
  if (entry_ids.length === 0) return [];
  const { rows } = await sql<ChargedPart>`
    select item.id as charge_item_id, charge_id, rank as num, invoiced_entry_id, provider_id, item.amount,
      item.credit_amount, noted_amount, charge.state, sums.*
    from charge_items item join charges charge on charge.id = charge_id cross join lateral (
      select coalesce(sum(line.amount) filter (where not is_payout), 0)::bigint as refunded,
        coalesce(sum(line.amount) filter (where is_payout), 0)::bigint as paid_out,
        coalesce(sum(line.credit_amount), 0)::bigint as returned
      from refund_lines line join refunds refund on refund.id = line.refund_id
      where line.charge_item_id = item.id and refund.state <> 'failed'
    ) sums
    where invoiced_entry_id = any(${[...new Set(entry_ids)]}::bigint[]) and distribute_entry_id is not null
    order by charge_id, rank`.execute(reader);
  return rows;
}

/**
 * Adds the amount of a credit note to the oldest paid line of its order, which can be refunded by so much less. No
 * effect for an order that no charge paid.
 */
export async function addNotedAmounts(
  tx: Tx,
  notes: readonly { invoiced_entry_id: LedgerEntryId; amount: number }[],
): Promise<void> {
  if (notes.length === 0) return;
  await sql`update charge_items item set noted_amount = noted_amount + note.amount
    from (
      select (select min(paid.id) from charge_items paid
          where paid.invoiced_entry_id = given.invoiced_entry_id and distribute_entry_id is not null) as id,
        sum(given.amount) as amount
      from json_to_recordset(${JSON.stringify(notes)}::json) as given (invoiced_entry_id bigint, amount bigint)
      group by 1
    ) note where item.id = note.id`.execute(tx);
}

/** Subtracts what a payout of credit gives back from the credit notes of the line; at most all of them. */
export async function subtractNotedAmount(tx: Tx, id: ChargeItemId, amount: number): Promise<void> {
  await sql`update charge_items set noted_amount = greatest(0, noted_amount - ${amount}) where id = ${id}`.execute(tx);
}
