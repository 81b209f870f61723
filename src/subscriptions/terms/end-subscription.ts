import { deactivatePlansOf, findPlanBySlug, findPlanIds, findPlansByIds, type Plan } from '#catalog';
import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import type { ProfileId, SubscriptionId, UserId } from '#platform/db/db-schema';
import { inTransaction, type Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { subscriptionEnded, subscriptionFacts } from '../events.ts';
import { findManagedProfiles } from '../managed-profiles.ts';
import { deleteNotesOf } from '../notes/index.ts';
import { mayChange } from '../policy.ts';
import { subscriptionProblems } from '../problems.ts';
import {
  type Ending,
  findOpenPauses,
  findStopped,
  findSubscription,
  isAgreed,
  lockRunningSubscription,
  lockSubscriptions,
  lockSubscriptionSlots,
  recordEndings,
  type Subscription,
  updateEnds,
  updatePause,
  updateSubscription,
} from '../records/index.ts';
import type { SubscriptionEnding } from '../request-ending.ts';

/**
 * Ends the running subscriptions of a profile to a plan now; does nothing when there are none. Returns a sentence about
 * the money of a request that the provider has not accepted; null for a subscription.
 *
 * The rest of a paid period is not refunded. A request is refunded by `endings`.
 * @throws subscription_protected (403), the problems of `endings`
 */
export async function unsubscribeProfile(
  ctx: Context,
  target: { profile_id: ProfileId; /** Slug. */ plan: string },
  endings: SubscriptionEnding,
): Promise<string | null> {
  const plan = await findPlanBySlug(ctx.db, target.plan);
  if (!plan) return null;
  if (!mayChange(await findManagedProfiles(ctx.db, ctx), target, plan)) {
    throw subscriptionProblems.subscription_protected();
  }
  const at = ctx.clock.now();
  const running = await findSubscription(ctx.db, target.profile_id, plan.id, at);
  if (running && running.request_key !== null) return endings.endRequest(ctx, running);
  if (running && isAgreed(running)) {
    await endings.endRunning(ctx, target);
    return null;
  }
  const ending = { profile_id: target.profile_id, plan_id: plan.id, is_requested: false };
  await inTransaction(ctx.db, (tx) => endSubscriptions(tx, ending, { at, originated_by: actorId(ctx) }));
  return null;
}

/**
 * Locks a requested subscription: the slot, then the row.
 * @throws request_decided (409) if it is no longer a request
 */
export async function lockRequested(tx: Tx, requested: Subscription, at: Date): Promise<void> {
  await lockSubscriptionSlots(tx, [requested]);
  const current = await lockRunningSubscription(tx, requested.profile_id, requested.plan_id, at);
  if (current?.id !== requested.id || current.request_key === null) throw subscriptionProblems.request_decided();
}

/** Ends a requested subscription that `lockRequested` has locked. */
export async function endRequested(
  tx: Tx,
  { profile_id, plan_id }: Subscription,
  by: { at: Date; originated_by: UserId | null },
): Promise<void> {
  await endSubscriptions(tx, { profile_id, plan_id, is_requested: true }, by);
}

/** When subscriptions end, and who ended them. `kind`: by_provider when omitted. */
interface SubscriptionEnd {
  at: Date;
  originated_by: UserId | null;
  kind?: 'by_provider' | 'cancelled';
}

/**
 * Ends subscriptions at `at`, records why, emits `subscription_ended` for each and returns those that were running. An
 * ending that was recorded for the same instant before stays; what was never agreed to has none.
 */
export async function endSubscriptions(
  tx: Tx,
  which: Ending,
  { at, originated_by, kind = 'by_provider' }: SubscriptionEnd,
): Promise<Subscription[]> {
  const ended = await updateEnds(tx, which, at);
  const plans = await findPlansByIds(
    tx,
    ended.map(({ plan_id }) => plan_id),
  );
  await recordEndings(
    tx,
    ended.filter(isAgreed).map(({ id, ends_at }) => ({
      subscription_id: id,
      kind,
      ends_at,
      created_by: originated_by,
      created_at: at,
    })),
  );
  for (const subscription of ended) {
    const plan = plans.get(subscription.plan_id);
    if (plan) await emit(tx, subscriptionEnded({ ...subscriptionFacts(subscription, plan), originated_by }), at);
  }
  return ended;
}

/** Emits `subscription_ended` for a subscription that another room ended. */
export async function emitSubscriptionEnded(
  tx: Tx,
  subscription: Subscription,
  plan: Pick<Plan, 'id' | 'profile_id' | 'slug' | 'title'>,
  { at, originated_by }: { at: Date; originated_by: UserId | null },
): Promise<void> {
  await emit(tx, subscriptionEnded({ ...subscriptionFacts(subscription, plan), originated_by }), at);
}

/**
 * Ends the subscriptions of an archived profile and those to its plans, and deactivates its plans. Pauses end with
 * them, and the notes about the profile and by it are deleted. Returns the subscriptions whose time stood still.
 *
 * Locks: the subscriptions whose time stands still.
 */
export async function endAllOfProfile(tx: Tx, profile_id: ProfileId, at: Date): Promise<SubscriptionId[]> {
  const plan_ids = await findPlanIds(tx, profile_id);
  const stopped = await findStopped(tx, { profile_id, plan_ids });
  if (stopped.length > 0) await lockSubscriptions(tx, stopped);
  await deactivatePlansOf(tx, profile_id);
  await endSubscriptions(tx, { profile_id }, { at, originated_by: null, kind: 'cancelled' });
  await endSubscriptions(tx, { plan_ids }, { at, originated_by: null });
  for (const { id, state } of (await findOpenPauses(tx, stopped)).values())
    await updatePause(tx, id, state === 'planned' ? { state: 'withdrawn' } : { state: 'ended', resumed_at: at });
  for (const id of stopped) await updateSubscription(tx, id, { paused_at: null, resumes_at: null, suspended_at: null });
  await deleteNotesOf(tx, profile_id);
  return stopped;
}
