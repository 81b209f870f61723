import { type Static, Type } from 'typebox';
import { PlanSummarySchema } from '#catalog';
import { definePage } from '#platform/http/page-type';
import { NullableString } from '#platform/http/schemas';
import { EffectLine } from '#platform/pages/details/effect';
import { Fact } from '#platform/pages/details/fact';
import { linkAction, RowActionPart } from '#platform/pages/lists/row-actions';
import { presentTimeline, Timeline } from '#platform/pages/details/timeline';
import { longText, rightToLeftText } from '#platform/pages/pieces/hostile-text';
import { ProfileSummarySchema } from '#profiles';
import { termStates } from '#subscriptions';

/** An instant that a page formats in the time zone of the reader. */
const PageInstant = Type.Unsafe<Date>(Type.Object({}));

const HeldPlan = Type.Object({
  ...PlanSummarySchema.properties,
  period_amount: Type.Integer(),
  unit: Type.String(),
  period_type: Type.String(),
  period_length: Type.Integer(),
  quantity: Type.Integer(),
  state: Type.Enum([...termStates]),
  auto_renew: Type.Boolean(),
  created_at: PageInstant,
  ends_at: PageInstant,
  /** End of the pause, while it is paused. */
  resumes_at: Type.Union([PageInstant, Type.Null()]),
  actions: Type.Array(RowActionPart),
});
export type HeldPlan = Static<typeof HeldPlan>;

const subscription: HeldPlan = {
  slug: 'open-space',
  title: 'Open Space',
  period_amount: 17_999,
  unit: 'usd',
  period_type: 'monthly',
  period_length: 1,
  quantity: 1,
  state: 'active',
  auto_renew: true,
  resumes_at: null,
  created_at: new Date('2026-10-25T10:00:00.000Z'),
  ends_at: new Date('2026-12-25T10:00:00.000Z'),
  actions: [
    linkAction('Change the plan', '/profile/xia/subscriptions/open-space/change/'),
    linkAction('Pause', '/profile/xia/subscriptions/open-space/pause/'),
    linkAction('Extend', '/profile/cowork/subscribers/xia/open-space/extend/'),
    linkAction('End', '/profile/xia/subscriptions/open-space/stop/', { is_danger: true }),
  ],
};
const profile = {
  slug: 'xia',
  printable_name: 'Xia Lee',
  picture: null,
  type: 'personal' as const,
  credentials: true,
  created_at: '2026-01-05T10:00:00.000Z',
};
const usd = (amount: number) => ({ money: { amount, unit: 'usd' } });
const typical = {
  profile,
  nav_as: { profile: 'cowork', current: '/profile/cowork/subscribers/' },
  crumbs: [{ label: 'Subscribers', href: '/profile/cowork/subscribers/' }],
  email: 'xia@example.com',
  active_count: 1,
  subscriptions: [subscription, { ...subscription, title: 'Managed', state: 'ended' as const, actions: [] }],
  effect: [
    { label: 'Due', ...usd(0) },
    { label: 'Paid so far', ...usd(153_518) },
    { label: 'Credit', ...usd(1200) },
  ],
  facts: [
    { label: 'E-mail', value: 'xia@example.com' },
    { label: 'Phone', value: '+1 415 555 0134' },
    { label: 'Profile', value: 'xia', code: true },
  ],
  timeline: presentTimeline(
    [
      {
        icon: 'plus',
        tone: 'info',
        parts: [{ text: 'Subscribed to ' }, { text: 'Open Space', strong: true }],
        actor: null,
        at: '2026-10-25T10:00:00.000Z',
      },
      {
        icon: 'check',
        tone: 'good',
        parts: [{ text: 'Payment ' }, usd(17_999)],
        actor: null,
        at: '2026-11-25T10:00:00.000Z',
      },
      {
        icon: 'note',
        tone: 'neutral',
        parts: [{ text: 'Asked for a desk by the window.\nCall again in spring.' }],
        actor: 'Donny Cooper',
        at: '2026-11-26T10:00:00.000Z',
      },
      {
        icon: 'alert',
        tone: 'bad',
        parts: [{ text: 'A charge of ' }, usd(17_999), { text: ' is disputed' }],
        actor: null,
        at: '2026-11-27T10:00:00.000Z',
      },
    ],
    { text: 'Open Space ends on', at: '2026-12-25T10:00:00.000Z' },
  ),
  history_url: '/billing/xia/history/',
  credits_url: '/billing/xia/credits/',
  give_credit_url: '/billing/xia/credits/give/',
  roles_url: '/profile/xia/roles/',
  notes_url: '/profile/cowork/notes/xia/',
};

/** The file of a subscriber, as the provider of its plans sees it. */
export const subscriberFilePage = definePage(
  'saas/profile/subscriber_file.html',
  Type.Object({
    /** The subscriber. */
    profile: ProfileSummarySchema,
    /** The menu is that of the provider. */
    nav_as: Type.Object({ profile: Type.String(), current: Type.String() }),
    crumbs: Type.Array(Type.Object({ label: Type.String(), href: Type.String() })),
    email: Type.String(),
    active_count: Type.Integer(),
    subscriptions: Type.Array(HeldPlan),
    effect: Type.Array(EffectLine),
    facts: Type.Array(Fact),
    timeline: Timeline,
    history_url: Type.String(),
    credits_url: Type.String(),
    /** Null for a reader who does not manage the seller. */
    give_credit_url: NullableString,
    roles_url: Type.String(),
    /** The notes of the provider about the subscriber. */
    notes_url: Type.String(),
  }),
  {
    typical,
    states: {
      ...typical,
      subscriptions: [
        { ...subscription, title: 'Studio', state: 'trial' },
        { ...subscription, title: 'Desk', state: 'paused', resumes_at: new Date('2026-12-05T10:00:00.000Z') },
        { ...subscription, title: 'Team', quantity: 5, state: 'not_renewing', auto_renew: false },
        { ...subscription, title: 'Locker', state: 'ends_soon', auto_renew: false },
        { ...subscription, title: 'Workshop', state: 'locked' },
      ],
    },
    empty: { ...typical, subscriptions: [], active_count: 0, timeline: { events: [], next: null } },
    long: {
      ...typical,
      profile: { ...profile, printable_name: longText },
      subscriptions: [{ ...subscription, title: rightToLeftText.slice(0, 50) }],
      facts: [{ label: 'Street', value: rightToLeftText }],
    },
  },
  { as: 'provider' },
);
