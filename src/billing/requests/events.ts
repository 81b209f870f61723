import { Type } from 'typebox';
import type { PlanId, ProfileId, SubscriptionId, UserId } from '#platform/db/db-schema';
import { defineEvent, idOf, nullableIdOf } from '#platform/jobs/events';

const Sums = Type.Array(Type.Object({ amount: Type.Integer(), unit: Type.String() }));

export const requestExpired = defineEvent(
  'subscription_request_expired',
  Type.Object(
    {
      subscription_id: idOf<SubscriptionId>(),
      profile_id: idOf<ProfileId>(),
      provider_id: idOf<ProfileId>(),
      plan_id: idOf<PlanId>(),
      plan: Type.Object({ slug: Type.String(), title: Type.String() }),
      refunded: Sums,
      credited: Sums,
      due: Sums,
      originated_by: nullableIdOf<UserId>(),
    },
    {
      description:
        'A request for a subscription ended before its provider accepted it. By unit: what cards get back, what is ' +
        'credit now, and what is no longer due.',
    },
  ),
);
