import { type Static, Type } from 'typebox';
import { periodTypes } from '#kernel/period';
import { termStates } from '#subscriptions';
import { MoneyPart } from '../page-parts.ts';

const NullableText = Type.Union([Type.String(), Type.Null()]);
const Instant = Type.Unsafe<Date>({});

const Priced = {
  /** List price of one period, for the quantity. */
  price: MoneyPart,
  period_type: Type.Enum([...periodTypes]),
  period_length: Type.Integer(),
};

/** A plan that the profile holds. */
export const HeldPlanPart = Type.Object({
  slug: Type.String(),
  title: Type.String(),
  ends_at: Instant,
  state: Type.Enum([...termStates]),
  auto_renew: Type.Boolean(),
  resumes_at: Type.Union([Instant, Type.Null()]),
  quantity: Type.Integer(),
  ...Priced,
  /** What is to pay for it; null for nothing. */
  due: Type.Union([MoneyPart, Type.Null()]),
  /** Page that pays what is due; null for nothing, or for a caller who only reads. */
  pay_url: NullableText,
  /** True if the caller can order another period. */
  may_renew: Type.Boolean(),
  /** Page that changes the plan; null for a caller who only reads. */
  change_url: NullableText,
  stop_url: NullableText,
  /** Pages of the pause and of the trial; null while neither is offered or runs. */
  pause_url: NullableText,
  trial_url: NullableText,
});

/** The plan that ends first of those that can be renewed, or null. */
export const NextRenewalPart = Type.Union([
  Type.Object({ title: Type.String(), at: Instant, is_automatic: Type.Boolean(), ...Priced }),
  Type.Null(),
]);

export type HeldPlanRow = Static<typeof HeldPlanPart>;
export type NextRenewal = Static<typeof NextRenewalPart>;

export const monthly = { price: { amount: 17_999, unit: 'usd' }, period_type: 'monthly', period_length: 1 } as const;
export const heldSample: HeldPlanRow = {
  slug: 'open-space',
  title: 'Open Space',
  ends_at: new Date('2026-04-05T14:30:00.000Z'),
  state: 'active',
  auto_renew: true,
  resumes_at: null,
  quantity: 1,
  ...monthly,
  due: null,
  pay_url: null,
  may_renew: true,
  change_url: '/profile/ada/subscriptions/open-space/change/',
  stop_url: '/profile/ada/subscriptions/open-space/stop/',
  pause_url: '/profile/ada/subscriptions/open-space/pause/',
  trial_url: null,
};
export const owedSample: HeldPlanRow = {
  ...heldSample,
  slug: 'basic',
  title: 'Basic',
  ends_at: new Date('2026-05-24T14:30:00.000Z'),
  price: { amount: 2900, unit: 'usd' },
  period_length: 3,
  due: { amount: 2900, unit: 'usd' },
  pay_url: '/billing/ada/balance/basic/',
  may_renew: false,
  change_url: '/profile/ada/subscriptions/basic/change/',
  stop_url: '/profile/ada/subscriptions/basic/stop/',
  pause_url: null,
};
const in_trial: HeldPlanRow = {
  ...heldSample,
  slug: 'trial',
  title: 'Studio',
  state: 'trial',
  may_renew: false,
  pause_url: null,
  trial_url: '/profile/ada/subscriptions/trial/trial/',
};
/** A plan in each state of its subscription. */
export const heldStates: HeldPlanRow[] = [
  in_trial,
  { ...heldSample, slug: 'paused', title: 'Desk', state: 'paused', resumes_at: new Date('2026-03-20T08:00:00.000Z') },
  { ...heldSample, slug: 'seats', title: 'Team', quantity: 5, state: 'not_renewing', auto_renew: false },
  { ...heldSample, slug: 'soon', title: 'Locker', state: 'ends_soon', auto_renew: false },
  { ...owedSample, slug: 'locked', title: 'Workshop', state: 'locked' },
];
