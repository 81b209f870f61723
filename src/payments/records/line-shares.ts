import assert from 'node:assert/strict';
import { accounts, type Entry, findEntriesAndOn } from '#ledger';
import type { LedgerEntryId, ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { type Charge, type ChargeItem, chargeSubject } from './charge.ts';
import { findChargeItems } from './charge-store.ts';
import { addShares, NO_SHARES, shiftShares, subtractShares, type Shares } from './refund.ts';
import { sumRefundsByItem } from './refund-store.ts';

/** A line of a paid charge with the rest that was not refunded and the entry that it paid. */
export interface RemainingLine {
  item: ChargeItem;
  invoiced: Entry;
  funds_unit: string;
  /** Without its refunds, and without what disputes took of it. */
  left: Shares;
  /** What the card may still get back: not what credit notes gave back, as long as it is credit. */
  refundable: number;
  /** What a refund may still return as credit, because credit paid it. */
  credit_left: number;
}

interface RestOptions {
  /** Without it the processor keeps its fee, and the fee counts as a share of the provider. */
  returns_fee: boolean;
  /** False: the broker keeps its share, which counts as one of the provider. True when omitted. */
  returns_broker_fee?: boolean | undefined;
  /** The lines of the charge, if the caller has read them. */
  items?: readonly ChargeItem[];
  /** True to count settled refunds only. */
  without_open?: boolean;
}

/** Returns the rest of each line of a paid charge, by rank. */
export async function findRemainingLines(
  reader: Reader,
  charge: Charge,
  { returns_fee, returns_broker_fee = true, items: given, without_open = false }: RestOptions,
): Promise<RemainingLine[]> {
  const items = given ?? (await findChargeItems(reader, charge.id));
  const refunded = await sumRefundsByItem(reader, charge.id, { without_open });
  const { kind, id } = chargeSubject(charge.id);
  const { by_id: entries, on_subject: chargebacks } = await findEntriesAndOn(
    reader,
    items.flatMap((item) =>
      [item.invoiced_entry_id, item.fee_entry_id, item.broker_fee_entry_id, item.distribute_entry_id].flatMap(
        (entry_id) => entry_id ?? [],
      ),
    ),
    { kind, id, account: accounts.chargeback },
  );
  return items.map((item) => {
    const invoiced = entries.get(item.invoiced_entry_id);
    assert(invoiced, 'the ledger has an entry for each line of a charge');
    const { shares, funds_unit } = sharesOf(item, entries, returns_fee);
    const { credit_amount: returned, ...taken } = refunded.get(item.id) ?? { ...NO_SHARES, credit_amount: 0 };
    const rest = subtractShares(subtractShares(shares, taken), disputedShares(item, chargebacks));
    const left = shiftShares(rest, returns_broker_fee);
    return { item, invoiced, funds_unit, left, ...refundLimits(item, left.amount, returned) };
  });
}

/** Returns what disputes that were not won took of a line. `chargebacks`: the entries of the disputes of its charge. */
function disputedShares(item: ChargeItem, chargebacks: readonly Entry[]): Shares {
  let sum = NO_SHARES;
  for (const entry of chargebacks) {
    if (entry.subject_part !== String(item.id) || entry.orig_account === entry.dest_account) continue;
    // A reversal is the same entry with its sides swapped.
    const is_taken = entry.dest_account === accounts.chargeback;
    const sign = is_taken ? 1 : -1;
    const [side, account, amount] = is_taken
      ? [entry.orig_profile_id, entry.orig_account, entry.orig_amount]
      : [entry.dest_profile_id, entry.dest_account, entry.dest_amount];
    const processor_id = is_taken ? entry.dest_profile_id : entry.orig_profile_id;
    const part = account === accounts.refunded ? 'amount' : sharePart(side, item.provider_id, processor_id);
    sum = addShares(sum, { ...NO_SHARES, [part]: sign * amount });
  }
  return sum;
}

/** Returns the share that a profile's Funds paid. */
function sharePart(profile_id: ProfileId, provider_id: ProfileId, processor_id: ProfileId): keyof Shares {
  if (profile_id === provider_id) return 'distribute_amount';
  return profile_id === processor_id ? 'fee_amount' : 'broker_fee_amount';
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
