import assert from 'node:assert/strict';
import { accounts, convertAmount, type Entry, findEventEntries, moveAmount, postEvent } from '#ledger';
import { getProcessor } from '#profiles';
import type { Tx } from '#platform/db';
import { findSite } from '#platform/site';
import type { Charge } from './charge.ts';
import { readRemainingLines } from './line-shares.ts';
import { refundEntries } from './refund-entries.ts';

/**
 * Books a dispute: what was not refunded goes back whole, from everybody who shared it, and each provider pays the dispute's
 * fee. Funds may fall below zero, as they do at the processor.
 */
export async function bookDispute(tx: Tx, charge: Charge, fee_amount: number, at: Date): Promise<void> {
  const site = await findSite(tx);
  assert(site, 'there is no site');
  const processor_id = (await getProcessor(tx)).id;
  const lines = await readRemainingLines(tx, charge, { returns_fee: true });
  const funds_unit = lines[0]?.funds_unit;
  assert(funds_unit !== undefined, 'a charge has lines');

  const taken_back = refundEntries(
    { ...charge, funds_unit },
    { customer_id: charge.profile_id, processor_id, broker_id: site.broker_id },
    lines.map(({ item, invoiced, left }) => ({
      ...left,
      provider_id: item.provider_id,
      event_id: `cha_${charge.id}/${item.id}/`,
      invoiced_event_id: invoiced.event_id,
      invoiced_description: invoiced.description,
    })),
    'chargeback',
  );
  const providers = new Set(lines.map(({ item }) => item.provider_id));
  const fees = [...providers].map((provider_id) =>
    moveAmount({
      from: { profile_id: provider_id, account: accounts.funds },
      to: { profile_id: processor_id, account: accounts.chargeback },
      amount: fee_amount,
      unit: funds_unit,
      event_id: `cha_${charge.id}/`,
      description: `Processor fee for cha_${charge.id}/`,
    }),
  );
  const { next } = await findDisputes(tx, charge);
  await postEvent(tx, { key: next, kind: 'dispute', at, entries: [...taken_back, ...fees] });
}

/** Books that a dispute was won: all of it is undone, at the instants at which it was done. */
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
        event_id: entry.event_id,
        description: `${entry.description} - reverted`,
        created_at: entry.created_at,
      }),
    ),
  });
}

/** A charge can be disputed again after it was won: each dispute has a number. */
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
