import assert from 'node:assert/strict';
import { type Entry, findEntries } from '#ledger';
import type { LedgerEntryId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import type { Charge, ChargeItem } from './charge.ts';
import { findChargeItems } from './charge-store.ts';
import { NOTHING, remainder, type Shares } from './refund.ts';
import { refundedByItem } from './refund-store.ts';

/** A line of a paid charge with what was not given back of it, and what it paid for. */
export interface RemainingLine {
  item: ChargeItem;
  invoiced: Entry;
  funds_unit: string;
  left: Shares;
}

/**
 * Reads what is left of the lines of a paid charge, in their order.
 * A processor that keeps its fee leaves it to the provider: `returns_fee` says whether it gives it back.
 */
export async function readRemainingLines(
  reader: Reader,
  charge: Charge,
  { returns_fee }: { returns_fee: boolean },
): Promise<RemainingLine[]> {
  const items = await findChargeItems(reader, charge.id);
  const refunded = await refundedByItem(reader, charge.id);
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
    assert(invoiced, 'what a charge pays for stands in the ledger');
    const { shares, funds_unit } = sharesOf(item, entries, returns_fee);
    return {
      item,
      invoiced,
      funds_unit,
      left: remainder(shares, refunded.get(item.id) ?? NOTHING),
    };
  });
}

/** Reads what each got of a line off the entries that settled it. The broker fee's entry holds the processor's fee too. */
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
