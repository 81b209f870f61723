import { Type } from 'typebox';
import { PlanSummarySchema } from '#catalog';
import { definePage } from '#platform/http/page-type';
import { PageInstant, ProfileView, sampleProvider, sampleSubscriber } from '../page-schemas.ts';

const sample = {
  plan: { slug: 'basic', title: 'Basic' },
  subscription: {
    created_at: new Date('2026-03-05T10:00:00.000Z'),
    ends_at: new Date('2026-04-05T10:00:00.000Z'),
  },
};

/** Page of a pending subscription: a grant for the subscriber, or a request for the provider. */
export const acceptPage = definePage(
  'saas/profile/subscription_accept.html',
  Type.Object({
    /** The profile that accepts. */
    profile: ProfileView,
    /** The provider of a grant, or the subscriber of a request. */
    other: ProfileView,
    plan: PlanSummarySchema,
    subscription: Type.Object({ created_at: PageInstant, ends_at: PageInstant }),
    cancel_url: Type.String(),
    is_request: Type.Optional(Type.Literal(true)),
  }),
  {
    typical: {
      ...sample,
      profile: sampleSubscriber,
      other: sampleProvider,
      cancel_url: '/profile/xia/subscriptions/',
    },
    request: {
      ...sample,
      profile: sampleProvider,
      other: sampleSubscriber,
      cancel_url: '/profile/cowork/',
      is_request: true,
    },
  },
);
