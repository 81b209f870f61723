import { findPlansByIds, type Plan } from '#catalog';
import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import { inTransaction, type Reader, type Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { acceptInvitedManager, findProfileById, mayBecomeManager, type Profile, withVerificationSent } from '#profiles';
import { subscriptionFacts, subscriptionGrantAccepted, subscriptionRequestAccepted } from '../events.ts';
import { findManagedProfiles } from '../managed-profiles.ts';
import { mayAcceptGrant } from '../policy.ts';
import { subscriptionProblems } from '../problems.ts';
import {
  findSubscriptionByKey,
  lockSubscriptionByKey,
  type Subscription,
  updateSubscription,
} from '../records/index.ts';

/** Subscription with its plan; pending or accepted. */
export interface PlanSubscription {
  subscription: Subscription;
  plan: Plan;
}

/**
 * Accepts a grant on behalf of the subscriber. The key works once, for managers of the profile and for the user who is
 * invited to manage it; accepting makes that user its manager.
 * @throws subscription_key_unknown (404), subscription_protected, email_unverified (403)
 */
export async function acceptGrant(ctx: Context, profile_id: ProfileId, key: string): Promise<PlanSubscription> {
  const at = ctx.clock.now();
  const accept = async (tx: Tx) => {
    const locked = await lockSubscriptionByKey(tx, { kind: 'grant_key', key }, at);
    const { subscription: waiting, plan } = await requireGrant(tx, locked, profile_id);
    const may_accept =
      mayAcceptGrant(await findManagedProfiles(tx, ctx), waiting) || (await acceptInvitedManager(ctx, tx, profile_id));
    if (!may_accept) throw subscriptionProblems.subscription_protected();
    const subscription = await updateSubscription(tx, waiting.id, { grant_key: null });
    const facts = { ...subscriptionFacts(subscription, plan), originated_by: actorId(ctx) };
    await emit(tx, subscriptionGrantAccepted(facts), at);
    return { subscription, plan };
  };
  return withVerificationSent(ctx, () => inTransaction(ctx.db, accept));
}

/**
 * Loads the grant of a link for the user who opened it: a manager of the profile, or the user invited to manage it. The
 * key alone selects it: the slug of the profile may have changed since the link was sent.
 * @throws subscription_key_unknown (404) · email_unverified (403) for a user who has yet to verify the address
 */
export async function getGrant(
  ctx: Context,
  user_id: UserId,
  key: string,
): Promise<PlanSubscription & { profile: Profile }> {
  const found = await findSubscriptionByKey(ctx.db, { kind: 'grant_key', key }, ctx.clock.now());
  const profile = found && (await findProfileById(ctx.db, found.profile_id));
  if (!found || !profile) throw subscriptionProblems.subscription_key_unknown();
  const grant = await requireGrant(ctx.db, found, profile.id);
  if (mayAcceptGrant(await findManagedProfiles(ctx.db, ctx), found)) return { ...grant, profile };
  if (await mayBecomeManager(ctx.db, { profile, user_id, at: ctx.clock.now() })) return { ...grant, profile };
  throw subscriptionProblems.subscription_key_unknown();
}

async function requireGrant(
  reader: Reader,
  subscription: Subscription | undefined,
  profile_id: ProfileId,
): Promise<PlanSubscription> {
  const plan = subscription && (await findPlansByIds(reader, [subscription.plan_id])).get(subscription.plan_id);
  if (!subscription || !plan || subscription.profile_id !== profile_id) {
    throw subscriptionProblems.subscription_key_unknown();
  }
  return { subscription, plan };
}

/**
 * Accepts the request for a subscription on behalf of the provider. Its period still begins at the order.
 * @throws subscription_key_unknown (404)
 */
export async function acceptRequest(ctx: Context, provider_id: ProfileId, key: string): Promise<PlanSubscription> {
  const at = ctx.clock.now();
  return inTransaction(ctx.db, async (tx) => {
    const locked = await lockSubscriptionByKey(tx, { kind: 'request_key', key }, at);
    const { subscription: waiting, plan } = await requireRequest(tx, locked, provider_id);
    const subscription = await updateSubscription(tx, waiting.id, { request_key: null });
    const facts = { ...subscriptionFacts(subscription, plan), originated_by: actorId(ctx) };
    await emit(tx, subscriptionRequestAccepted(facts), at);
    return { subscription, plan };
  });
}

/** Loads the requested subscription of a key, for the provider. @throws subscription_key_unknown (404) */
export async function getRequest(ctx: Context, provider_id: ProfileId, key: string): Promise<PlanSubscription> {
  const found = await findSubscriptionByKey(ctx.db, { kind: 'request_key', key }, ctx.clock.now());
  return requireRequest(ctx.db, found, provider_id);
}

async function requireRequest(
  reader: Reader,
  subscription: Subscription | undefined,
  provider_id: ProfileId,
): Promise<PlanSubscription> {
  const plan = subscription && (await findPlansByIds(reader, [subscription.plan_id])).get(subscription.plan_id);
  if (!subscription || !plan || plan.profile_id !== provider_id) throw subscriptionProblems.subscription_key_unknown();
  return { subscription, plan };
}
