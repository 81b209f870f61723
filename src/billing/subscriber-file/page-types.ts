import { Type } from 'typebox';
import { PlanSummarySchema } from '#catalog';
import { definePage } from '#platform/http/page-type';
import { NullableString } from '#platform/http/schemas';
import { EffectLine } from '#platform/pages/details/effect';
import { Fact } from '#platform/pages/details/fact';
import { presentTimeline, Timeline } from '#platform/pages/details/timeline';
import { longText, rightToLeftText } from '#platform/pages/pieces/hostile-text';
import { ProfileSummarySchema } from '#profiles';

/** An instant that a page formats in the time zone of the reader. */
const PageInstant = Type.Unsafe<Date>(Type.Object({}));

const HeldPlan = Type.Object({
  ...PlanSummarySchema.properties,
  period_amount: Type.Integer(),
  unit: Type.String(),
  period_type: Type.String(),
  period_length: Type.Integer(),
  state: Type.Enum(['active', 'ended']),
  created_at: PageInstant,
  ends_at: PageInstant,
  /** Pages that extend and end a running subscription, or null. */
  extend_url: NullableString,
  cancel_url: NullableString,
});

const subscription = {
  slug: 'open-space',
  title: 'Open Space',
  period_amount: 17_999,
  unit: 'usd',
  period_type: 'monthly',
  period_length: 1,
  state: 'active' as const,
  created_at: new Date('2026-10-25T10:00:00.000Z'),
  ends_at: new Date('2026-12-25T10:00:00.000Z'),
  extend_url: '/profile/cowork/subscribers/xia/open-space/extend/',
  cancel_url: '/profile/cowork/subscribers/xia/open-space/cancel/',
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
  subscriptions: [
    subscription,
    { ...subscription, title: 'Managed', state: 'ended' as const, extend_url: null, cancel_url: null },
  ],
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
    ],
    { text: 'Open Space ends on', at: '2026-12-25T10:00:00.000Z' },
  ),
  history_url: '/billing/xia/history/',
  credits_url: '/billing/xia/credits/',
  give_credit_url: '/billing/xia/credits/give/',
  roles_url: '/profile/xia/roles/',
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
  }),
  {
    typical,
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
