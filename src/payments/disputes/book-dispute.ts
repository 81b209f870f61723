import assert from 'node:assert/strict';
import { allocate, allocateMoney, type Money } from '#kernel/money';
import {
  accounts,
  convertAmount,
  type Entry,
  findEventEntries,
  fromSubjectColumns,
  moveAmount,
  postEvent,
} from '#ledger';
import { getProcessor } from '#profiles';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { findSite } from '#platform/site';
import type { DisputeEvidence } from '../processors/index.ts';
import {
  bookExchange,
  type BookedDisputes,
  type Charge,
  chargeSubject,
  findChargeItems,
  findRemainingLines,
  prorateRefund,
  refundEntries,
  type RemainingLine,
} from '../records/index.ts';

/**
 * Books a dispute as the processor debits it: the disputed part of each line from the accounts that shared it, at most
 * what was not refunded, and the fee of the dispute once, from the providers in proportion to their lines. Funds may
 * fall below zero.
 */
export async function bookDispute(
  tx: Tx,
  charge: Charge,
  { key, amount, fee_amount, returns_fee, exchanged }: Omit<DisputeEvidence, 'is_lost' | 'returned_fee_amount'>,
  at: Date,
): Promise<void> {
  const site = await findSite(tx);
  assert(site, 'there is no site');
  const processor_id = (await getProcessor(tx)).id;
  const lines = await findDisputedLines(tx, charge, { amount, returns_fee });
  const funds_unit = lines[0]?.funds_unit;
  assert(funds_unit !== undefined, 'a charge has lines');

  const disputed = disputeLines(lines, { amount, unit: charge.unit });
  const taken_back = refundEntries(
    { ...charge, funds_unit },
    { customer_id: charge.profile_id, processor_id, broker_id: site.broker_id },
    disputed.map(({ item, invoiced, shares }) => ({
      ...shares,
      provider_id: item.provider_id,
      subject: chargeSubject(charge.id, item.id),
      label: item.event_label === '' ? invoiced.description : item.event_label,
      invoiced_description: invoiced.description,
    })),
    'chargeback',
  );
  const fees = shareDisputeFee(lines, { amount: fee_amount, unit: funds_unit }).map(({ provider_id, amount: part }) =>
    moveAmount({
      from: { profile_id: provider_id, account: accounts.funds },
      to: { profile_id: processor_id, account: accounts.chargeback },
      amount: part,
      unit: funds_unit,
      subject: chargeSubject(charge.id),
      description: `Charge ${charge.processor_key} dispute fee`,
    }),
  );
  const entries = [...fees, ...taken_back];
  if (entries.length === 0) return;
  await postEvent(tx, { key: keyOf({ key }), kind: 'dispute', receipt_key: charge.processor_key, at, entries });
  if (!exchanged) return;
  const booked = disputed.map(({ shares: { distribute_amount, fee_amount: fee, broker_fee_amount } }) => ({
    amount: -(distribute_amount + fee + broker_fee_amount),
    unit: funds_unit,
  }));
  const moved = exchanged.withdrawn.map((each) => ({ ...each, amount: -each.amount }));
  await bookDifference(tx, charge, { key: keyOf({ key }), object: key, booked, moved }, at);
}

/** Books what the rate of another day makes of a dispute, on the providers in proportion to their lines. */
async function bookDifference(
  tx: Tx,
  charge: Charge,
  difference: { key: string; object: string; booked: readonly Money[]; moved: readonly Money[] },
  at: Date,
): Promise<void> {
  const items = await findChargeItems(tx, charge.id);
  const bearers = items.map(({ provider_id, amount }) => ({ profile_id: provider_id, amount }));
  await bookExchange(tx, charge, { ...difference, bearers, account: accounts.chargeback }, at);
}

/**
 * Returns the rest of the lines that a dispute takes from. An open refund counts as made, unless the processor debits
 * more than it leaves: then the processor did not make it.
 */
async function findDisputedLines(
  tx: Tx,
  charge: Charge,
  { amount, returns_fee }: Pick<DisputeEvidence, 'amount' | 'returns_fee'>,
): Promise<RemainingLine[]> {
  // The broker keeps its share of a charge on the account of a provider.
  const terms = { returns_fee, returns_broker_fee: charge.account === '' };
  const lines = await findRemainingLines(tx, charge, terms);
  const left = lines.reduce((sum, line) => sum + line.left.amount, 0);
  return amount <= left ? lines : findRemainingLines(tx, charge, { ...terms, without_open: true });
}

/** Shares a disputed amount among lines by largest remainder over what is left of them. */
function disputeLines(lines: readonly RemainingLine[], { amount, unit }: Money) {
  const left = lines.reduce((sum, line) => sum + line.left.amount, 0);
  const parts = allocateMoney(
    { amount: Math.min(amount, left), unit },
    lines.map((line) => line.left.amount),
  );
  return lines.flatMap((line, index) => {
    const part = Math.min(parts[index] ?? 0, line.left.amount);
    return part === 0 ? [] : { ...line, shares: prorateRefund(line.left, part, line.funds_unit) };
  });
}

/**
 * Shares the fee of a dispute among the providers by largest remainder, in proportion to the rest of their lines.
 * Without a rest the shares are equal.
 */
export function shareDisputeFee(
  lines: readonly Pick<RemainingLine, 'item' | 'left'>[],
  fee: Money,
): { provider_id: ProfileId; amount: number }[] {
  const weights = new Map<ProfileId, number>();
  for (const { item, left } of lines) {
    weights.set(item.provider_id, (weights.get(item.provider_id) ?? 0) + left.amount);
  }
  const parts = allocateMoney(fee, [...weights.values()]);
  return [...weights.keys()]
    .map((provider_id, index) => ({ provider_id, amount: parts[index] ?? 0 }))
    .filter(({ amount }) => amount > 0);
}

/**
 * Books the reversal of a dispute that was won, at the instant of the reversal. Earlier months stay unchanged. The fee
 * of the dispute returns as far as the processor returned it.
 */
export async function revertDispute(
  tx: Tx,
  charge: Charge,
  dispute: Pick<DisputeEvidence, 'key' | 'returned_fee_amount' | 'exchanged'>,
  at: Date,
): Promise<void> {
  const booked = await findEventEntries(tx, keyOf(dispute));
  if (!booked) return;
  const fees = booked.filter(isFee);
  const returned = allocate(
    Math.min(dispute.returned_fee_amount ?? 0, sumOf(fees)),
    fees.map((entry) => entry.dest_amount),
  );
  const entries = booked.flatMap((entry) => {
    const to_amount = isFee(entry) ? (returned[fees.indexOf(entry)] ?? 0) : entry.orig_amount;
    if (to_amount === 0) return [];
    return convertAmount({
      from: { profile_id: entry.dest_profile_id, account: entry.dest_account },
      to: { profile_id: entry.orig_profile_id, account: entry.orig_account },
      amount: isFee(entry) ? to_amount : entry.dest_amount,
      unit: entry.dest_unit,
      to_amount,
      to_unit: entry.orig_unit,
      subject: fromSubjectColumns(entry),
      description: `${entry.description} - reverted`,
    });
  });
  if (entries.length > 0) await postEvent(tx, { key: revertedKeyOf(dispute), kind: 'dispute_reverted', at, entries });
  if (!dispute.exchanged) return;
  const returned_amounts = booked.flatMap((entry) =>
    isFee(entry) || entry.orig_account !== accounts.funds ? [] : { amount: entry.orig_amount, unit: entry.orig_unit },
  );
  const difference = { booked: returned_amounts, moved: dispute.exchanged.reinstated };
  await bookDifference(tx, charge, { key: revertedKeyOf(dispute), object: dispute.key, ...difference }, at);
}

/** The fee of a dispute concerns the whole charge, everything else a line of it. */
function isFee(entry: Entry): boolean {
  return fromSubjectColumns(entry)?.part === '';
}

function sumOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { dest_amount }) => sum + dest_amount, 0);
}

/** Finds what is in the ledger for disputes. */
export async function findBookedDisputes(
  reader: Reader,
  disputes: readonly Pick<DisputeEvidence, 'key'>[],
): Promise<BookedDisputes> {
  const booked = new Map<string, 'withdrawn' | 'returned'>();
  for (const dispute of disputes) {
    if (await findEventEntries(reader, revertedKeyOf(dispute))) booked.set(dispute.key, 'returned');
    else if (await findEventEntries(reader, keyOf(dispute))) booked.set(dispute.key, 'withdrawn');
  }
  return booked;
}

function keyOf({ key }: Pick<DisputeEvidence, 'key'>): string {
  return `dispute:${key}`;
}

function revertedKeyOf(dispute: Pick<DisputeEvidence, 'key'>): string {
  return `${keyOf(dispute)}:reverted`;
}
