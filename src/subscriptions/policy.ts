import type { Plan } from '#catalog';
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

/**
 * True if a caller may switch the renewal of a subscription on: it charges the subscriber. A provider sets it on an offer, to
 * which the subscriber agrees by accepting it.
 */
export function mayStartRenewal(reach: Reach, subscription: Pick<Subscription, 'profile_id' | 'grant_key'>): boolean {
  return reach.runs_site || reach.managed.has(subscription.profile_id) || subscription.grant_key !== null;
}

/** What was offered to a profile is for its own managers to accept, not for its provider and not for the operator. */
export function mayAcceptGrant(reach: Reach, subscription: Pick<Subscription, 'profile_id'>): boolean {
  return reach.managed.has(subscription.profile_id);
}

/**
 * True if a granted subscription takes effect without the subscriber's consent. The plan must allow it, and the subscriber
 * must have an active subscription of this provider.
 *
 * A provider may read the profile of its subscriber, and access rules ask for subscriptions: neither may begin by a grant
 * alone, nor begin again after the subscriber has left. A profile made for the grant has no person yet who could agree.
 */
export function takesEffectAtOnce(
  plan: Pick<Plan, 'skip_optin_on_grant'>,
  facts: { is_customer: boolean; is_waiting_profile: boolean },
): boolean {
  return plan.skip_optin_on_grant && facts.is_customer && !facts.is_waiting_profile;
}
