import { findPlansByIds } from '#catalog';
import type { DunningCaseId, SubscriptionId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { findOpenPauses, findSubscriptionsByIds, isFrozen, type Subscription, updatePause } from '#subscriptions';
import { freezeSubscription, thawSubscription } from '../pauses/index.ts';
import { findCoverages } from '../recognition/index.ts';
import { suspensionEnd } from './dunning-case.ts';

/**
 * Stops the time of unpaid subscriptions at `at`: no access, no renewal, no recognition. No time is sold without
 * access. Subscriptions that stand still already are unchanged. Nothing is earned of the first period after a trial
 * that was never paid.
 *
 * The caller has locked the subscriptions. Locks: as `freezeSubscription`.
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
    if (isFrozen(subscription)) continue;
    const planned = paused.get(subscription.id);
    if (planned) await updatePause(tx, planned.id, { state: 'withdrawn' });
    await freezeSubscription(tx, subscription, {
      kind: 'suspension',
      at,
      resumes_at: null,
      listed_until: suspensionEnd(at),
      earned_until: never_paid.includes(subscription.id) ? await unearnedFrom(tx, subscription, at) : at,
      dunning_case_id: id,
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

/** Lets the time of suspended subscriptions run on from `at`. The caller has locked the subscriptions. */
export async function resumeTime(tx: Tx, ids: readonly SubscriptionId[], at: Date): Promise<void> {
  const subscriptions = [...(await findSubscriptionsByIds(tx, ids)).values()];
  const suspended = subscriptions.filter(({ suspended_at }) => suspended_at !== null);
  const plans = await findPlansByIds(
    tx,
    suspended.map(({ plan_id }) => plan_id),
  );
  const pauses = await findOpenPauses(
    tx,
    suspended.map(({ id }) => id),
  );
  for (const subscription of suspended) {
    const plan = plans.get(subscription.plan_id);
    const pause = pauses.get(subscription.id);
    if (plan && pause)
      await thawSubscription(tx, subscription, plan, { pause, listed_until: suspensionEnd(pause.starts_at), at });
  }
}
