import assert from 'node:assert/strict';
import { type Entry, findEntries } from '#ledger';
import type { LedgerEntryId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import type { Charge, ChargeItem } from './charge.ts';
import { findChargeItems } from './charge-store.ts';
import { NO_SHARES, subtractShares, type Shares } from './refund.ts';
import { sumRefundsByItem } from './refund-store.ts';

/** A line of a paid charge with the rest that was not refunded and the entry that it paid. */
export interface RemainingLine {
  item: ChargeItem;
  invoiced: Entry;
  funds_unit: string;
  /** Without its refunds. */
  left: Shares;
  /** What the card may still get back: not what credit notes gave back, as long as it is credit. */
  refundable: number;
  /** What a refund may still return as credit, because credit paid it. */
  credit_left: number;
}

/**
 * Returns the rest of each line of a paid charge, by rank.
 * Without `returns_fee` the processor keeps its fee, and the fee counts as a share of the provider. `items`: the lines
 * of the charge, if the caller has read them.
 */
export async function findRemainingLines(
  reader: Reader,
  charge: Charge,
  { returns_fee, items: given }: { returns_fee: boolean; items?: readonly ChargeItem[] },
): Promise<RemainingLine[]> {
  const items = given ?? (await findChargeItems(reader, charge.id));
  const refunded = await sumRefundsByItem(reader, charge.id);
  const entries = await findEntries(
    reader,
    items.flatMap((item) =>
      [item.invoiced_entry_id, item.fee_entry_id, item.broker_fee_entry_id, item.distribute_entry_id].flatMap(
        (id) => id ?? [],
      ),
    ),
  );
  return items.map((item) => {
    const invoiced = entries.get(item.invoiced_entry_id);
    assert(invoiced, 'the ledger has an entry for each line of a charge');
    const { shares, funds_unit } = sharesOf(item, entries, returns_fee);
    const { credit_amount: returned, ...taken } = refunded.get(item.id) ?? { ...NO_SHARES, credit_amount: 0 };
    const left = subtractShares(shares, taken);
    return { item, invoiced, funds_unit, left, ...refundLimits(item, left.amount, returned) };
  });
}

/**
 * Returns what may be refunded of a line: the card first. Credit notes on the order take from the rest of the card,
 * then from what credit paid. Pure.
 */
export function refundLimits(
  { noted_amount, credit_amount }: Pick<ChargeItem, 'noted_amount' | 'credit_amount'>,
  left: number,
  returned: number,
): Pick<RemainingLine, 'refundable' | 'credit_left'> {
  return {
    refundable: Math.max(0, left - noted_amount),
    credit_left: Math.max(0, credit_amount - returned - Math.max(0, noted_amount - left)),
  };
}

/**
 * Reads the shares of a line from the entries that settled it. The entry of the broker fee includes the processor's
 * fee.
 */
function sharesOf(
  item: ChargeItem,
  entries: ReadonlyMap<LedgerEntryId, Entry>,
  returns_fee: boolean,
): { shares: Shares; funds_unit: string } {
  const entryAt = (id: LedgerEntryId | null) => (id === null ? undefined : entries.get(id));
  const distributed = entryAt(item.distribute_entry_id);
  assert(distributed, 'a paid line was distributed');
  const fee_amount = entryAt(item.fee_entry_id)?.dest_amount ?? 0;
  const fees_amount = entryAt(item.broker_fee_entry_id)?.dest_amount ?? fee_amount;
  return {
    funds_unit: distributed.dest_unit,
    shares: {
      amount: item.amount,
      distribute_amount: distributed.dest_amount + (returns_fee ? 0 : fee_amount),
      fee_amount: returns_fee ? fee_amount : 0,
      broker_fee_amount: fees_amount - fee_amount,
    },
  };
}
