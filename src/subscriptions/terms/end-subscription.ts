import { deactivatePlansOf, findPlanBySlug, findPlanIds, findPlansByIds } from '#catalog';
import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import { inTransaction, type Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { subscriptionEnded, subscriptionFacts } from '../events.ts';
import { findManagedProfiles } from '../managed-profiles.ts';
import { mayChange } from '../policy.ts';
import { subscriptionProblems } from '../problems.ts';
import { type Ending, type Subscription, updateEnds } from '../records/index.ts';

/**
 * Ends the running subscriptions of a profile to a plan now; does nothing when there are none.
 *
 * The rest of a paid period is not refunded.
 * @throws subscription_protected (403)
 */
export async function unsubscribeProfile(
  ctx: Context,
  target: { profile_id: ProfileId; /** Slug. */ plan: string },
): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const plan = await findPlanBySlug(tx, target.plan);
    if (!plan) return;
    if (!mayChange(await findManagedProfiles(tx, ctx), target, plan)) {
      throw subscriptionProblems.subscription_protected();
    }
    const ending = { profile_id: target.profile_id, plan_id: plan.id };
    await endSubscriptions(tx, ending, { at: ctx.clock.now(), originated_by: actorId(ctx) });
  });
}

/** Ends subscriptions at `at`, emits `subscription_ended` for each and returns those that were running. */
export async function endSubscriptions(
  tx: Tx,
  which: Ending,
  { at, originated_by }: { at: Date; originated_by: UserId | null },
): Promise<Subscription[]> {
  const ended = await updateEnds(tx, which, at);
  const plans = await findPlansByIds(
    tx,
    ended.map(({ plan_id }) => plan_id),
  );
  for (const subscription of ended) {
    const plan = plans.get(subscription.plan_id);
    if (plan) await emit(tx, subscriptionEnded({ ...subscriptionFacts(subscription, plan), originated_by }), at);
  }
  return ended;
}

/** Ends the subscriptions of an archived profile and those to its plans, and deactivates its plans. */
export async function endAllOfProfile(tx: Tx, profile_id: ProfileId, at: Date): Promise<void> {
  await deactivatePlansOf(tx, profile_id);
  await endSubscriptions(tx, { profile_id }, { at, originated_by: null });
  await endSubscriptions(tx, { plan_ids: await findPlanIds(tx, profile_id) }, { at, originated_by: null });
}
