import type { Plan } from '#catalog';
import type { ProfileId } from '#platform/db-schema';
import type { Reach } from './reach.ts';
import type { Subscription } from './subscription.ts';

/** The subscriber and the provider of this very plan change a subscription; another provider of the subscriber does not. */
export function mayChange(
  reach: Reach,
  subscription: Pick<Subscription, 'profile_id'>,
  plan: Pick<Plan, 'profile_id'>,
): boolean {
  return reach.runs_site || reach.managed.has(subscription.profile_id) || reach.managed.has(plan.profile_id);
}

/** Time that nobody paid for is the provider's to give. */
export function mayExtend(reach: Reach, plan: Pick<Plan, 'profile_id'>): boolean {
  return reach.runs_site || reach.managed.has(plan.profile_id);
}

/** What was offered to a profile is for its own managers to accept, not for its provider and not for the operator. */
export function mayAcceptGrant(reach: Reach, subscription: Pick<Subscription, 'profile_id'>): boolean {
  return reach.managed.has(subscription.profile_id);
}

/**
 * Says whether a granted subscription is in effect at once. The plan must allow it, and the subscriber must have dealt with
 * the provider before, be made by this very grant, or the provider must be the operator: being somebody's provider opens
 * that profile's doors, so nobody becomes one by granting alone.
 */
export function takesEffectAtOnce(
  plan: Pick<Plan, 'skip_optin_on_grant' | 'profile_id'>,
  facts: { broker_id: ProfileId; is_customer: boolean; is_new_profile: boolean },
): boolean {
  if (!plan.skip_optin_on_grant) return false;
  return facts.is_customer || facts.is_new_profile || plan.profile_id === facts.broker_id;
}
