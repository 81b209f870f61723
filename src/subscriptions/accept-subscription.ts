import { findPlansByIds, type Plan } from '#catalog';
import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import { inTransaction, type Reader, type Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { acceptInvitedManager, findProfileById, mayBecomeManager, type Profile, withVerificationSent } from '#profiles';
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
 * Accepts what a provider offered to a profile. The key works once, for managers of that profile and for the user who is
 * invited to manage it, who becomes its manager by accepting.
 * @throws subscription_key_unknown (404), subscription_protected, email_unverified (403)
 */
export async function acceptGrant(ctx: Context, profile_id: ProfileId, key: string): Promise<Pending> {
  const at = ctx.clock.now();
  const accept = async (tx: Tx) => {
    const held = await lockByKey(tx, { kind: 'grant_key', key }, at);
    const { subscription: pending, plan } = await checkGrant(tx, held, profile_id);
    const may_accept =
      mayAcceptGrant(await findReach(tx, ctx), pending) || (await acceptInvitedManager(ctx, tx, profile_id));
    if (!may_accept) throw subscriptionProblems.subscription_protected();
    const subscription = await updateSubscription(tx, pending.id, { grant_key: null });
    const originated_by = actorId(ctx);
    await emit(tx, subscriptionGrantAccepted({ ...idsOf(subscription, plan), originated_by }), at);
    return { subscription, plan };
  };
  return withVerificationSent(ctx, () => inTransaction(ctx.db, accept));
}

/**
 * Finds the offer behind a link, for the page of the user who follows it: a manager of the profile, or the user invited to
 * manage it. The link is mailed to an address, so it names the offer and not the profile, which may have changed since.
 * @throws subscription_key_unknown (404) · email_unverified (403) for a user who has yet to verify the address
 */
export async function getOffer(ctx: Context, user_id: UserId, key: string): Promise<Pending & { profile: Profile }> {
  const found = await findByKey(ctx.db, { kind: 'grant_key', key }, ctx.clock.now());
  const profile = found && (await findProfileById(ctx.db, found.profile_id));
  if (!found || !profile) throw subscriptionProblems.subscription_key_unknown();
  const pending = await checkGrant(ctx.db, found, profile.id);
  if (mayAcceptGrant(await findReach(ctx.db, ctx), found)) return { ...pending, profile };
  if (await mayBecomeManager(ctx.db, { profile, user_id, at: ctx.clock.now() })) return { ...pending, profile };
  throw subscriptionProblems.subscription_key_unknown();
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
    const originated_by = actorId(ctx);
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
