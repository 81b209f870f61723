import { type Entry, findEntriesOfEvents } from '#ledger';
import type { Reader } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { mergeReads } from '#platform/db/merge-reads';
import { findProfileSummaries, type ProfileSummary } from '#profiles';
import {
  type Charge,
  type ChargeItem,
  findChargeItems,
  type Dispute,
  type FraudWarning,
  findDisputes,
  findFraudWarnings,
  findRefundLinesOfCharge,
  findRemainingLines,
  NO_SHARES,
  type RefundLineOfCharge,
  type Shares,
  subtractShares,
} from '../records/index.ts';

/** A line of a charge as its seller sees it. */
export interface SoldLine {
  /** Place on the charge, from 0: how a refund names it. */
  num: number;
  item: ChargeItem;
  title: string;
  funds_unit: string;
  /** Shares at the payment; zero for a charge that was not paid. */
  shares: Shares;
  /** What was not refunded. */
  left: Shares;
  /** What the card may still get back. */
  refundable: number;
  /** What a refund may still return as credit. */
  credit_left: number;
}

/** A charge as its sellers see it. */
export interface SoldCharge {
  charge: Charge;
  /** Sum of the lines, in the unit of the charge. */
  amount: number;
  lines: SoldLine[];
  /** Number of lines of the charge, those of other sellers included. */
  all_lines_count: number;
  refunds: RefundLineOfCharge[];
  /** Disputes and inquiries of the whole charge, oldest first. */
  disputes: Dispute[];
  /** Warnings of fraud about the whole charge, oldest first. */
  warnings: FraudWarning[];
  entries: (Entry & { event_key: string })[];
  /** Customer, sellers and the other profiles of the entries. */
  profiles: ReadonlyMap<ProfileId, ProfileSummary>;
}

/**
 * Loads a charge as its sellers see it; null: the broker, who sees all of it. Of a shared charge, `sellers` get their
 * own lines, refunds of these lines, and entries from or to their own accounts. Three statements.
 */
export async function loadSoldCharge(
  reader: Reader,
  charge: Charge,
  sellers: readonly ProfileId[] | null,
): Promise<SoldCharge> {
  const [all_lines, { refunds, disputes, warnings, entries, profiles }] = await mergeReads(reader, [
    (together) => loadLines(together, charge),
    (together) => loadEvents(together, charge, sellers),
  ]);
  const lines = all_lines.filter(({ item }) => sellers === null || sellers.includes(item.provider_id));
  const own_refunds = refunds.filter(({ charge_item_id }) => lines.some(({ item }) => item.id === charge_item_id));
  return {
    charge,
    amount: lines.length === all_lines.length ? charge.amount : lines.reduce((sum, { item }) => sum + item.amount, 0),
    lines: lines.map((line) => ({ ...line, shares: addRefunds(line, own_refunds) })),
    all_lines_count: all_lines.length,
    refunds: own_refunds,
    disputes,
    warnings,
    entries,
    profiles,
  };
}

/** Whether a charge was ever paid does not follow from its state: a lost dispute fails a paid one. */
async function loadLines(reader: Reader, charge: Charge): Promise<Omit<SoldLine, 'shares'>[]> {
  const items = await findChargeItems(reader, charge.id);
  if (items.some(({ distribute_entry_id }) => distribute_entry_id === null)) {
    return items.map((item, num) => ({
      num,
      item,
      title: item.title || charge.description,
      funds_unit: charge.unit,
      left: NO_SHARES,
      refundable: 0,
      credit_left: 0,
    }));
  }
  const lines = await findRemainingLines(reader, charge, { returns_fee: true, items });
  return lines.map(({ item, invoiced, ...line }, num) => ({
    num,
    item,
    title: item.title || invoiced.description,
    ...line,
  }));
}

async function loadEvents(reader: Reader, charge: Charge, sellers: readonly ProfileId[] | null) {
  const [refunds, disputes, warnings] = await mergeReads(reader, [
    (together) => findRefundLinesOfCharge(together, charge.id),
    (together) => findDisputes(together, charge.id),
    (together) => findFraudWarnings(together, charge.id),
  ]);
  const { processor_key } = charge;
  const keys = [
    `charge:${processor_key}`,
    ...new Set(refunds.map(({ key }) => `refund:${processor_key}:${key}`)),
    ...disputes.flatMap(({ processor_key: key }) => [`dispute:${key}`, `dispute:${key}:reverted`]),
  ];
  const all = await findEntriesOfEvents(reader, keys);
  const entries =
    sellers === null
      ? all
      : all.filter(
          ({ orig_profile_id, dest_profile_id }) =>
            sellers.includes(orig_profile_id) || sellers.includes(dest_profile_id),
        );
  const profiles = await findProfileSummaries(reader, [
    charge.profile_id,
    ...(sellers ?? []),
    ...entries.flatMap(({ orig_profile_id, dest_profile_id }) => [orig_profile_id, dest_profile_id]),
  ]);
  return { refunds, disputes, warnings, entries, profiles };
}

function addRefunds({ item, left }: Omit<SoldLine, 'shares'>, refunds: readonly RefundLineOfCharge[]): Shares {
  return refunds
    .filter(({ charge_item_id, state }) => charge_item_id === item.id && state !== 'failed')
    .reduce((sum, refund) => subtractShares(sum, negate(refund)), left);
}

function negate({ amount, distribute_amount, fee_amount, broker_fee_amount }: Shares): Shares {
  return {
    amount: -amount,
    distribute_amount: -distribute_amount,
    fee_amount: -fee_amount,
    broker_fee_amount: -broker_fee_amount,
  };
}
