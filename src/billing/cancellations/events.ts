import { Type } from 'typebox';
import type { PlanId, ProfileId, SubscriptionId, UserId } from '#platform/db/db-schema';
import { defineEvent, idOf, nullableIdOf } from '#platform/jobs/events';

export const subscriptionCancelled = defineEvent(
  'subscription_cancelled',
  Type.Object(
    {
      subscription_id: idOf<SubscriptionId>(),
      profile_id: idOf<ProfileId>(),
      plan: Type.Object({ id: idOf<PlanId>(), slug: Type.String(), title: Type.String() }),
      provider_id: idOf<ProfileId>(),
      originated_by: nullableIdOf<UserId>(),
      /** ISO text: when access ends. */
      ends_at: Type.String(),
      /** In 1/100 of `unit`. */
      refund_amount: Type.Integer(),
      credit_amount: Type.Integer(),
      unit: Type.String(),
    },
    { description: 'A subscription was cancelled: it ends at `ends_at`, which may be now.' },
  ),
);
