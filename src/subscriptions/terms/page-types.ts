import { type Static, Type } from 'typebox';
import { PlanSummarySchema } from '#catalog';
import { definePage } from '#platform/http/page-type';
import { NullableString, PageOf } from '#platform/http/schemas';
import { termStates } from '../records/index.ts';
import { FormErrors, PageInstant, ProfileView, sampleProvider, sampleSubscriber } from '../page-schemas.ts';

const SubscriptionView = Type.Object({
  plan: PlanSummarySchema,
  provider: ProfileView,
  created_at: PageInstant,
  ends_at: PageInstant,
  auto_renew: Type.Boolean(),
  state: Type.Enum([...termStates]),
  quantity: Type.Integer(),
  /** End of the pause, while it is paused. */
  resumes_at: Type.Union([PageInstant, Type.Null()]),
  /** The pause that is planned, or null. */
  planned_pause: Type.Union([Type.Object({ starts_at: PageInstant, resumes_at: PageInstant }), Type.Null()]),
  /** URL of the application; null while the subscription waits for consent. */
  app_url: NullableString,
  grant_key: NullableString,
  request_key: NullableString,
  may_edit: Type.Boolean(),
  /** Page that changes the plan; null for a caller who may not, and for a subscription that does not run. */
  change_url: NullableString,
  /** Pages that cancel, pause and resume, and show the trial; null as `change_url`, or without anything to show. */
  stop_url: NullableString,
  pause_url: NullableString,
  trial_url: NullableString,
  may_accept: Type.Boolean(),
});
export type SubscriptionView = Static<typeof SubscriptionView>;

const sample: SubscriptionView = {
  plan: { slug: 'basic', title: 'Basic' },
  provider: sampleProvider,
  created_at: new Date('2026-03-05T10:00:00.000Z'),
  ends_at: new Date('2026-04-05T10:00:00.000Z'),
  auto_renew: true,
  state: 'active',
  quantity: 1,
  resumes_at: null,
  planned_pause: null,
  app_url: '/app/xia/basic/',
  grant_key: null,
  request_key: null,
  may_edit: true,
  change_url: '/profile/xia/subscriptions/basic/change/',
  stop_url: '/profile/xia/subscriptions/basic/stop/',
  pause_url: '/profile/xia/subscriptions/basic/pause/',
  trial_url: null,
  may_accept: false,
};
const no_links = { change_url: null, stop_url: null, pause_url: null, trial_url: null };
const tabs = { active_url: '/profile/xia/subscriptions/', expired_url: '/profile/xia/subscriptions/?expired=1' };
const csv_url = '/profile/xia/subscriptions/download/';
const listOf = (...results: SubscriptionView[]) => ({ count: results.length, next: null, previous: null, results });

/** The subscriptions of a profile: running ones, or ended ones. */
export const subscriptionListPage = definePage(
  'saas/profile/subscriptions.html',
  Type.Object({
    profile: ProfileView,
    expired: Type.Boolean(),
    /** The download of the list. */
    csv_url: Type.String(),
    tabs: Type.Object({ active_url: Type.String(), expired_url: Type.String() }),
    subscriptions: PageOf(SubscriptionView),
    errors: Type.Optional(FormErrors),
    detail: Type.Optional(Type.String()),
  }),
  {
    typical: {
      profile: sampleSubscriber,
      expired: false,
      csv_url,
      tabs,
      subscriptions: listOf(
        sample,
        { ...sample, plan: { slug: 'premium', title: 'Premium' }, auto_renew: false, state: 'ends_soon' },
        {
          ...sample,
          plan: { slug: 'private', title: 'Private' },
          state: 'granted',
          grant_key: 'a1',
          app_url: null,
          ...no_links,
          may_accept: true,
        },
        {
          ...sample,
          plan: { slug: 'managed', title: 'Managed' },
          state: 'requested',
          request_key: 'b2',
          app_url: null,
          ...no_links,
        },
      ),
    },
    states: {
      profile: sampleSubscriber,
      expired: false,
      csv_url,
      tabs,
      subscriptions: listOf(
        {
          ...sample,
          plan: { slug: 'studio', title: 'Studio' },
          state: 'trial',
          pause_url: null,
          trial_url: '/profile/xia/subscriptions/studio/trial/',
        },
        {
          ...sample,
          plan: { slug: 'desk', title: 'Desk' },
          state: 'paused',
          resumes_at: new Date('2026-03-20T08:00:00.000Z'),
        },
        {
          ...sample,
          plan: { slug: 'team', title: 'Team' },
          quantity: 5,
          planned_pause: {
            starts_at: sample.ends_at,
            resumes_at: new Date('2026-05-20T08:00:00.000Z'),
          },
        },
        { ...sample, plan: { slug: 'locker', title: 'Locker' }, state: 'not_renewing', auto_renew: false },
        { ...sample, plan: { slug: 'workshop', title: 'Workshop' }, state: 'locked', pause_url: null },
      ),
    },
    read_only: {
      profile: sampleSubscriber,
      expired: false,
      csv_url,
      tabs,
      subscriptions: listOf({ ...sample, may_edit: false, ...no_links }),
    },
    empty: { profile: sampleSubscriber, expired: false, csv_url, tabs, subscriptions: listOf() },
    ended: {
      profile: sampleSubscriber,
      expired: true,
      csv_url,
      tabs,
      subscriptions: listOf({ ...sample, state: 'ended', ...no_links }),
    },
    none_ended: { profile: sampleSubscriber, expired: true, csv_url, tabs, subscriptions: listOf() },
    error: {
      profile: sampleSubscriber,
      expired: false,
      csv_url,
      tabs,
      subscriptions: listOf(sample),
      errors: {},
      detail: 'No running subscription found.',
    },
  },
);
