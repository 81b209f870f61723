import { postEvent } from '#ledger';
import type { DunningCaseId, SubscriptionId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import {
  findOpenPauses,
  findSubscriptionsByIds,
  insertPause,
  type Subscription,
  updatePause,
  updateSubscription,
} from '#subscriptions';
import { findCoverages, freezeCoverages, resumeCoverages } from '../recognition/index.ts';
import { suspensionEnd } from './dunning-case.ts';

/**
 * Stops the time of unpaid subscriptions at `at`: no access, no renewal, no recognition. What is left of their time is
 * kept, and no time is sold without access. Subscriptions that stand still already are unchanged. Nothing is earned of
 * the first period after a trial that was never paid.
 *
 * The caller has locked the subscriptions. Locks: as `closeCoverages`.
 */
export async function stopTime(
  tx: Tx,
  id: DunningCaseId,
  ids: readonly SubscriptionId[],
  at: Date,
  { never_paid = [] }: { never_paid?: readonly SubscriptionId[] } = {},
): Promise<void> {
  const subscriptions = await findSubscriptionsByIds(tx, ids);
  const paused = await findOpenPauses(tx, ids);
  for (const subscription of subscriptions.values()) {
    if (subscription.suspended_at !== null || subscription.paused_at !== null) continue;
    const planned = paused.get(subscription.id);
    if (planned) await updatePause(tx, planned.id, { state: 'withdrawn' });
    const is_unearned = never_paid.includes(subscription.id);
    const { entries, rest_ms } = await freezeCoverages(
      tx,
      subscription.id,
      is_unearned ? await unearnedFrom(tx, subscription, at) : at,
    );
    if (entries.length > 0)
      await postEvent(tx, {
        key: `suspend:${id}:${subscription.id}:${at.toISOString()}`,
        kind: 'suspension',
        at,
        entries,
      });
    // An end in the future shows the subscription in the lists of running ones.
    const ends_at = new Date(suspensionEnd(at).getTime() + rest_ms);
    await updateSubscription(tx, subscription.id, { suspended_at: at, ends_at });
    await insertPause(tx, {
      subscription_id: subscription.id,
      kind: 'suspension',
      dunning_case_id: id,
      state: 'running',
      starts_at: at,
      rest_ms,
      created_at: at,
    });
  }
}

/** Returns the end of the trial, or of the income that was recognised since. */
async function unearnedFrom(tx: Tx, { id, trial_ends_at }: Subscription, at: Date): Promise<Date> {
  if (trial_ends_at === null) return at;
  const coverages = await findCoverages(tx, id, trial_ends_at);
  const known = coverages.flatMap(({ recognised_until }) => recognised_until?.getTime() ?? []);
  return new Date(Math.max(trial_ends_at.getTime(), ...known));
}

/** Lets the time of suspended subscriptions run on from `at`; their anchor is the new end. Returns those it resumed. */
export async function resumeTime(tx: Tx, ids: readonly SubscriptionId[], at: Date): Promise<Subscription[]> {
  const subscriptions = [...(await findSubscriptionsByIds(tx, ids)).values()];
  const resumed = subscriptions.filter(({ suspended_at }) => suspended_at !== null);
  const pauses = await findOpenPauses(
    tx,
    resumed.map(({ id }) => id),
  );
  for (const { id } of resumed) {
    const anchor_at = (await resumeCoverages(tx, id, at)) ?? at;
    await updateSubscription(tx, id, { suspended_at: null, anchor_at, ends_at: anchor_at });
    const pause = pauses.get(id);
    if (pause) await updatePause(tx, pause.id, { state: 'ended', resumed_at: at });
  }
  return resumed;
}
