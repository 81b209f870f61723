import { type Static, Type } from 'typebox';
import { PlanSummarySchema } from '#catalog';
import { definePage } from '#platform/http/page-type';
import { NullableString, PageOf } from '#platform/http/schemas';
import { FormErrors, PageInstant, ProfileView, sampleProvider, sampleSubscriber } from '../page-schemas.ts';

const SubscriptionView = Type.Object({
  plan: PlanSummarySchema,
  provider: ProfileView,
  created_at: PageInstant,
  ends_at: PageInstant,
  auto_renew: Type.Boolean(),
  ends_soon: Type.Boolean(),
  /** URL of the application; null while the subscription waits for consent. */
  app_url: NullableString,
  grant_key: NullableString,
  request_key: NullableString,
  may_edit: Type.Boolean(),
  /** Page that changes the plan; null for a caller who may not, and for a subscription that does not run. */
  change_url: NullableString,
  may_accept: Type.Boolean(),
});
export type SubscriptionView = Static<typeof SubscriptionView>;

const sample: SubscriptionView = {
  plan: { slug: 'basic', title: 'Basic' },
  provider: sampleProvider,
  created_at: new Date('2026-03-05T10:00:00.000Z'),
  ends_at: new Date('2026-04-05T10:00:00.000Z'),
  auto_renew: true,
  ends_soon: false,
  app_url: '/app/xia/basic/',
  grant_key: null,
  request_key: null,
  may_edit: true,
  change_url: '/profile/xia/subscriptions/basic/change/',
  may_accept: false,
};
const tabs = { active_url: '/profile/xia/subscriptions/', expired_url: '/profile/xia/subscriptions/?expired=1' };
const listOf = (...results: SubscriptionView[]) => ({ count: results.length, next: null, previous: null, results });

/** The subscriptions of a profile: running ones, or ended ones. */
export const subscriptionListPage = definePage(
  'saas/profile/subscriptions.html',
  Type.Object({
    profile: ProfileView,
    expired: Type.Boolean(),
    tabs: Type.Object({ active_url: Type.String(), expired_url: Type.String() }),
    subscriptions: PageOf(SubscriptionView),
    errors: Type.Optional(FormErrors),
    detail: Type.Optional(Type.String()),
  }),
  {
    typical: {
      profile: sampleSubscriber,
      expired: false,
      tabs,
      subscriptions: listOf(
        sample,
        { ...sample, plan: { slug: 'premium', title: 'Premium' }, auto_renew: false, ends_soon: true },
        {
          ...sample,
          plan: { slug: 'private', title: 'Private' },
          grant_key: 'a1',
          app_url: null,
          change_url: null,
          may_accept: true,
        },
        { ...sample, plan: { slug: 'managed', title: 'Managed' }, request_key: 'b2', app_url: null, change_url: null },
      ),
    },
    empty: { profile: sampleSubscriber, expired: false, tabs, subscriptions: listOf() },
    ended: { profile: sampleSubscriber, expired: true, tabs, subscriptions: listOf({ ...sample, change_url: null }) },
    none_ended: { profile: sampleSubscriber, expired: true, tabs, subscriptions: listOf() },
    error: {
      profile: sampleSubscriber,
      expired: false,
      tabs,
      subscriptions: listOf(sample),
      errors: {},
      detail: 'No running subscription found.',
    },
  },
);
