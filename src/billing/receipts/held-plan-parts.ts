import { type Static, Type } from 'typebox';
import { periodTypes } from '#kernel/period';
import { MoneyPart } from '../page-parts.ts';

const NullableText = Type.Union([Type.String(), Type.Null()]);
const Instant = Type.Unsafe<Date>({});

const Priced = {
  /** List price of one period. */
  price: MoneyPart,
  period_type: Type.Enum([...periodTypes]),
  period_length: Type.Integer(),
};

/** A plan that the profile holds. */
export const HeldPlanPart = Type.Object({
  slug: Type.String(),
  title: Type.String(),
  ends_at: Instant,
  ...Priced,
  /** What is to pay for it; null for nothing. */
  due: Type.Union([MoneyPart, Type.Null()]),
  /** Page that pays what is due; null for nothing, or for a caller who only reads. */
  pay_url: NullableText,
  /** True if the caller can order another period. */
  may_renew: Type.Boolean(),
  /** Page that changes the plan; null for a caller who only reads. */
  change_url: NullableText,
});

/** The plan that ends first of those that can be renewed, or null. */
export const NextRenewalPart = Type.Union([Type.Object({ title: Type.String(), at: Instant, ...Priced }), Type.Null()]);

export type HeldPlanRow = Static<typeof HeldPlanPart>;
export type NextRenewal = Static<typeof NextRenewalPart>;

export const monthly = { price: { amount: 17_999, unit: 'usd' }, period_type: 'monthly', period_length: 1 } as const;
export const heldSample: HeldPlanRow = {
  slug: 'open-space',
  title: 'Open Space',
  ends_at: new Date('2026-04-05T14:30:00.000Z'),
  ...monthly,
  due: null,
  pay_url: null,
  may_renew: true,
  change_url: '/profile/ada/subscriptions/open-space/change/',
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
};
