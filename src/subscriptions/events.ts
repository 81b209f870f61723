import { Type } from 'typebox';
import type { Plan } from '#catalog';
import type { PlanId, ProfileId, SubscriptionId, UserId } from '#platform/db/db-schema';
import { defineEvent, idOf, nullableIdOf } from '#platform/jobs/events';
import type { Subscription } from './records/index.ts';

const NullableText = Type.Union([Type.String(), Type.Null()]);

/** Facts that every event about a subscription has. `provider_id` owns the plan. */
const facts = {
  subscription_id: idOf<SubscriptionId>(),
  profile_id: idOf<ProfileId>(),
  plan_id: idOf<PlanId>(),
  plan: Type.Object({ slug: Type.String(), title: Type.String() }),
  provider_id: idOf<ProfileId>(),
  originated_by: nullableIdOf<UserId>(),
};

export const subscriptionGrantCreated = defineEvent(
  'subscription_grant_created',
  Type.Object(
    { ...facts, grant_key: NullableText, key: NullableText, message: NullableText },
    {
      description:
        'A provider granted a subscription to a profile. `grant_key` is null when no consent is required; `key` ' +
        'activates the account of an invited user who has no password yet.',
    },
  ),
);

export const subscriptionGrantAccepted = defineEvent(
  'subscription_grant_accepted',
  Type.Object(facts, { description: 'The subscriber accepted a subscription that a provider granted.' }),
);

export const subscriptionRequestCreated = defineEvent(
  'subscription_request_created',
  Type.Object(
    { ...facts, request_key: Type.String() },
    { description: 'A profile subscribed to a plan whose provider has to accept.' },
  ),
);

export const subscriptionRequestAccepted = defineEvent(
  'subscription_request_accepted',
  Type.Object(facts, { description: 'The provider accepted a subscription that a profile requested.' }),
);

export const subscriptionEnded = defineEvent(
  'subscription_ended',
  Type.Object(facts, { description: 'A subscription was ended before its end.' }),
);

/** Facts of uses in the current plan period. */
const useFacts = {
  ...facts,
  use_charge: Type.String(),
  /** Omitted by events of earlier versions. */
  use_title: Type.Optional(Type.String()),
  used_quantity: Type.Integer(),
};

export const quotaReached = defineEvent(
  'quota_reached',
  Type.Object(useFacts, { description: 'The last free use of a plan period was taken.' }),
);

export const useChargeLimitCrossed = defineEvent(
  'use_charge_limit_crossed',
  Type.Object(useFacts, { description: 'The uses of a plan period reached the limit of the use charge.' }),
);

/** Every event of this room. */
export const subscriptionsEvents = [
  subscriptionGrantCreated,
  subscriptionGrantAccepted,
  subscriptionRequestCreated,
  subscriptionRequestAccepted,
  subscriptionEnded,
  quotaReached,
  useChargeLimitCrossed,
];

/** Returns the facts about a subscription that each of its events has. */
export function subscriptionFacts(
  subscription: Subscription,
  plan: Pick<Plan, 'id' | 'profile_id' | 'slug' | 'title'>,
) {
  return {
    subscription_id: subscription.id,
    profile_id: subscription.profile_id,
    plan_id: plan.id,
    plan: { slug: plan.slug, title: plan.title },
    provider_id: plan.profile_id,
  };
}
