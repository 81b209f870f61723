import assert from 'node:assert/strict';
import { allocateMoney, type Money } from '#kernel/money';
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
import type { Tx } from '#platform/db/database';
import { findSite } from '#platform/site';
import { type Charge, chargeSubject, findRemainingLines, refundEntries, type RemainingLine } from '../records/index.ts';

/** Fee that the processor debits once for a dispute, and whether it returns its own fee on the charge. */
export interface DisputeTerms {
  fee_amount: number;
  returns_fee: boolean;
}

/**
 * Books a dispute as the processor debits it: the rest of each line from the accounts that shared it, and the fee of
 * the dispute once, from the providers in proportion to their lines. Funds may fall below zero.
 */
export async function bookDispute(
  tx: Tx,
  charge: Charge,
  { fee_amount, returns_fee }: DisputeTerms,
  at: Date,
): Promise<void> {
  const site = await findSite(tx);
  assert(site, 'there is no site');
  const processor_id = (await getProcessor(tx)).id;
  const lines = await findRemainingLines(tx, charge, { returns_fee });
  const funds_unit = lines[0]?.funds_unit;
  assert(funds_unit !== undefined, 'a charge has lines');

  const taken_back = refundEntries(
    { ...charge, funds_unit },
    { customer_id: charge.profile_id, processor_id, broker_id: site.broker_id },
    lines
      .filter(({ left }) => left.amount > 0)
      .map(({ item, invoiced, left }) => ({
        ...left,
        provider_id: item.provider_id,
        subject: chargeSubject(charge.id, item.id),
        label: item.event_label === '' ? invoiced.description : item.event_label,
        invoiced_description: invoiced.description,
      })),
    'chargeback',
  );
  const fees = shareDisputeFee(lines, { amount: fee_amount, unit: funds_unit }).map(({ provider_id, amount }) =>
    moveAmount({
      from: { profile_id: provider_id, account: accounts.funds },
      to: { profile_id: processor_id, account: accounts.chargeback },
      amount,
      unit: funds_unit,
      subject: chargeSubject(charge.id),
      description: `Charge ${charge.processor_key} dispute fee`,
    }),
  );
  const entries = [...fees, ...taken_back];
  const { next } = await findDisputes(tx, charge);
  if (entries.length > 0)
    await postEvent(tx, { key: next, kind: 'dispute', receipt_key: charge.processor_key, at, entries });
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

/** Books the reversal of a dispute that was won, at the instant of the reversal. Earlier months stay unchanged. */
export async function revertDispute(tx: Tx, charge: Charge, at: Date): Promise<void> {
  const { last } = await findDisputes(tx, charge);
  if (!last) return;
  await postEvent(tx, {
    key: `${last.key}:reverted`,
    kind: 'dispute_reverted',
    at,
    entries: last.entries.map((entry) =>
      convertAmount({
        from: { profile_id: entry.dest_profile_id, account: entry.dest_account },
        to: { profile_id: entry.orig_profile_id, account: entry.orig_account },
        amount: entry.dest_amount,
        unit: entry.dest_unit,
        to_amount: entry.orig_amount,
        to_unit: entry.orig_unit,
        subject: fromSubjectColumns(entry),
        description: `${entry.description} - reverted`,
      }),
    ),
  });
}

/** Finds the booked disputes of a charge. They are numbered, because a charge can be disputed again after a win. */
async function findDisputes(
  tx: Tx,
  charge: Charge,
): Promise<{ last: { key: string; entries: Entry[] } | null; next: string }> {
  let last: { key: string; entries: Entry[] } | null = null;
  for (let number = 1; ; number += 1) {
    const key = `dispute:${charge.processor_key}:${number}`;
    const entries = await findEventEntries(tx, key);
    if (!entries) return { last, next: key };
    last = { key, entries };
  }
}
