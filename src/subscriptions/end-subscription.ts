import { deactivatePlansOf, findPlanBySlug, findPlansByIds, planIdsOf } from '#catalog';
import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import { inTransaction, type Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { subscriptionEnded } from './events.ts';
import { idsOf } from './open-or-extend.ts';
import { mayChange } from './policy.ts';
import { subscriptionProblems } from './problems.ts';
import { findReach } from './reach.ts';
import { endRows, type Ending } from './subscription-store.ts';
import type { Subscription } from './subscription.ts';

/**
 * Ends the running subscriptions of a profile to a plan now. Nothing happens when there are none.
 *
 * No money moves: what was paid for the rest of the time is not given back.
 * @throws subscription_protected (403)
 */
export async function unsubscribe(ctx: Context, target: { profile_id: ProfileId; plan: string }): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const plan = await findPlanBySlug(tx, target.plan);
    if (!plan) return;
    if (!mayChange(await findReach(tx, ctx), target, plan)) throw subscriptionProblems.subscription_protected();
    const originated_by = actorId(ctx);
    const ending = { profile_id: target.profile_id, plan_id: plan.id };
    await endSubscriptions(tx, ending, { at: ctx.clock.now(), originated_by });
  });
}

/** Ends subscriptions now and tells so; answers those that were running. */
export async function endSubscriptions(
  tx: Tx,
  which: Ending,
  { at, originated_by }: { at: Date; originated_by: UserId | null },
): Promise<Subscription[]> {
  const ended = await endRows(tx, which, at);
  const plans = await findPlansByIds(
    tx,
    ended.map(({ plan_id }) => plan_id),
  );
  for (const subscription of ended) {
    const plan = plans.get(subscription.plan_id);
    if (plan) await emit(tx, subscriptionEnded({ ...idsOf(subscription, plan), originated_by }), at);
  }
  return ended;
}

/** Ends what an archived profile held and sold: its subscriptions, its plans and the subscriptions to them. */
export async function endAllOfProfile(tx: Tx, profile_id: ProfileId, at: Date): Promise<void> {
  await deactivatePlansOf(tx, profile_id);
  await endSubscriptions(tx, { profile_id }, { at, originated_by: null });
  await endSubscriptions(tx, { plan_ids: await planIdsOf(tx, profile_id) }, { at, originated_by: null });
}
