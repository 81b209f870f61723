import type { PlanId, ProfileId, SubscriptionId, UserId } from '#platform/db/db-schema';

/** What every subscription event tells. `provider_id` owns the plan. */
export interface SubscriptionEventPayload {
  subscription_id: SubscriptionId;
  profile_id: ProfileId;
  plan_id: PlanId;
  /** What people call the plan. */
  plan: { slug: string; title: string };
  provider_id: ProfileId;
  originated_by: UserId | null;
}

/**
 * A provider subscribed a profile. `grant_key` is null when that is in effect at once; `key` activates the account of an
 * invitee who has no password yet.
 */
export const subscriptionGrantCreated = (
  payload: SubscriptionEventPayload & { grant_key: string | null; key: string | null; message: string | null },
) => ({ name: 'subscription_grant_created', payload });

/** The subscriber accepted what a provider granted. */
export const subscriptionGrantAccepted = (payload: SubscriptionEventPayload) => ({
  name: 'subscription_grant_accepted',
  payload,
});

/** A profile subscribed to a plan whose provider has to agree. */
export const subscriptionRequestCreated = (payload: SubscriptionEventPayload & { request_key: string }) => ({
  name: 'subscription_request_created',
  payload,
});

/** The provider accepted what a profile asked for. */
export const subscriptionRequestAccepted = (payload: SubscriptionEventPayload) => ({
  name: 'subscription_request_accepted',
  payload,
});

/** A subscription was ended before its time. */
export const subscriptionEnded = (payload: SubscriptionEventPayload) => ({ name: 'subscription_ended', payload });

/** What a use event tells: quantities of the present plan period. */
export interface UseEventPayload extends SubscriptionEventPayload {
  use_charge: string;
  used_quantity: number;
}

/** The last free use of a period was taken. */
export const quotaReached = (payload: UseEventPayload) => ({ name: 'quota_reached', payload });

/** The uses of a period reached the limit set on the use charge. */
export const useChargeLimitCrossed = (payload: UseEventPayload) => ({ name: 'use_charge_limit_crossed', payload });
