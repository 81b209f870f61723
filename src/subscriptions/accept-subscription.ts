import { findPlansByIds, type Plan } from '#catalog';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db-schema';
import { inTransaction, type Reader } from '#platform/db';
import { emit } from '#platform/events';
import { subscriptionGrantAccepted, subscriptionRequestAccepted } from './events.ts';
import { idsOf } from './open-or-extend.ts';
import { mayAcceptGrant } from './policy.ts';
import { subscriptionProblems } from './problems.ts';
import { findReach } from './reach.ts';
import { findByKey, lockByKey, updateSubscription } from './subscription-store.ts';
import type { Subscription } from './subscription.ts';

export interface Pending {
  subscription: Subscription;
  plan: Plan;
}

/**
 * Accepts what a provider offered to a profile. The key works once and for managers of that profile only.
 * @throws subscription_key_unknown (404), subscription_protected (403)
 */
export async function acceptGrant(ctx: Context, profile_id: ProfileId, key: string): Promise<Pending> {
  const at = ctx.clock.now();
  return inTransaction(ctx.db, async (tx) => {
    const held = await lockByKey(tx, { kind: 'grant_key', key }, at);
    const { subscription: pending, plan } = await checkGrant(tx, held, profile_id);
    if (!mayAcceptGrant(await findReach(tx, ctx), pending)) throw subscriptionProblems.subscription_protected();
    const subscription = await updateSubscription(tx, pending.id, { grant_key: null });
    const originated_by = ctx.actor.kind === 'user' ? ctx.actor.user_id : null;
    await emit(tx, subscriptionGrantAccepted({ ...idsOf(subscription, plan), originated_by }), at);
    return { subscription, plan };
  });
}

/** Finds what a grant key offers, for the page that asks whether to accept it. @throws subscription_key_unknown (404) */
export async function getGrant(ctx: Context, profile_id: ProfileId, key: string): Promise<Pending> {
  const found = await findByKey(ctx.db, { kind: 'grant_key', key }, ctx.clock.now());
  return checkGrant(ctx.db, found, profile_id);
}

async function checkGrant(
  reader: Reader,
  subscription: Subscription | undefined,
  profile_id: ProfileId,
): Promise<Pending> {
  const plan = subscription && (await findPlansByIds(reader, [subscription.plan_id])).get(subscription.plan_id);
  if (!subscription || !plan || subscription.profile_id !== profile_id) {
    throw subscriptionProblems.subscription_key_unknown();
  }
  return { subscription, plan };
}

/**
 * Lets a provider accept who asked for one of its plans. The period began when it was ordered and is not moved.
 * @throws subscription_key_unknown (404)
 */
export async function acceptRequest(ctx: Context, provider_id: ProfileId, key: string): Promise<Pending> {
  const at = ctx.clock.now();
  return inTransaction(ctx.db, async (tx) => {
    const held = await lockByKey(tx, { kind: 'request_key', key }, at);
    const { subscription: pending, plan } = await checkRequest(tx, held, provider_id);
    const subscription = await updateSubscription(tx, pending.id, { request_key: null });
    const originated_by = ctx.actor.kind === 'user' ? ctx.actor.user_id : null;
    await emit(tx, subscriptionRequestAccepted({ ...idsOf(subscription, plan), originated_by }), at);
    return { subscription, plan };
  });
}

/** Finds what a request key asks for, for the page of the provider. @throws subscription_key_unknown (404) */
export async function getRequest(ctx: Context, provider_id: ProfileId, key: string): Promise<Pending> {
  const found = await findByKey(ctx.db, { kind: 'request_key', key }, ctx.clock.now());
  return checkRequest(ctx.db, found, provider_id);
}

async function checkRequest(
  reader: Reader,
  subscription: Subscription | undefined,
  provider_id: ProfileId,
): Promise<Pending> {
  const plan = subscription && (await findPlansByIds(reader, [subscription.plan_id])).get(subscription.plan_id);
  if (!subscription || !plan || plan.profile_id !== provider_id) throw subscriptionProblems.subscription_key_unknown();
  return { subscription, plan };
}
