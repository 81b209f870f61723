import type { Plan } from '#catalog';
import type { ManagedProfiles } from './managed-profiles.ts';
import type { Subscription } from './records/index.ts';

/** True for the subscriber, the provider of this plan and the broker; false for other providers of the subscriber. */
export function mayChange(
  caller: ManagedProfiles,
  subscription: Pick<Subscription, 'profile_id'>,
  plan: Pick<Plan, 'profile_id'>,
): boolean {
  return caller.runs_site || caller.managed.has(subscription.profile_id) || caller.managed.has(plan.profile_id);
}

/** True for the provider of the plan and the broker: only they may extend a subscription without payment. */
export function mayExtend(caller: ManagedProfiles, plan: Pick<Plan, 'profile_id'>): boolean {
  return caller.runs_site || caller.managed.has(plan.profile_id);
}

/**
 * True if the caller may switch the renewal on, which charges the subscriber. A provider may do so only while the
 * subscription is a grant that waits: the subscriber agrees to the renewal by accepting it.
 */
export function mayStartRenewal(
  caller: ManagedProfiles,
  subscription: Pick<Subscription, 'profile_id' | 'grant_key'>,
): boolean {
  return caller.runs_site || caller.managed.has(subscription.profile_id) || subscription.grant_key !== null;
}

/** True for managers of the subscriber only, not for the provider and not for the broker. */
export function mayAcceptGrant(caller: ManagedProfiles, subscription: Pick<Subscription, 'profile_id'>): boolean {
  return caller.managed.has(subscription.profile_id);
}

/**
 * True if a granted subscription is active without the subscriber's consent. The plan must allow it, and the subscriber
 * must have an active subscription to a plan of this provider.
 *
 * Why: a subscription lets the provider read the profile and satisfies access rules. A grant alone must give neither,
 * also not after the subscriber has left. A profile that was created for the grant has no manager who could agree.
 */
export function isGrantActiveImmediately(
  plan: Pick<Plan, 'skip_optin_on_grant'>,
  facts: { is_customer: boolean; is_waiting_profile: boolean },
): boolean {
  return plan.skip_optin_on_grant && facts.is_customer && !facts.is_waiting_profile;
}
