import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { NullableString } from '#platform/http/schemas';
import { rightToLeftText } from '#platform/pages/pieces/hostile-text';
import { MoneyPart, SavedCardPart, savedCardSample } from '../page-parts.ts';
import { common_parts, commonSample, Instant, usd } from './shown-subscription.ts';

const NullableMoney = Type.Union([MoneyPart, Type.Null()]);

const typical = {
  ...commonSample,
  is_seller: false,
  has_card: true,
  created_at: new Date('2026-01-27T10:00:00.000Z'),
  ends_at: commonSample.subscription.ends_at,
  /** What is charged at the end. */
  first: {
    money: usd(9000),
    full: null,
    setup: null,
    total: usd(9000),
    period_type: 'monthly',
    period_length: 1,
    renews: true,
  },
  is_cancelled: false,
  card: savedCardSample,
  card_url: '/billing/ada/card/',
  change_url: '/profile/ada/subscriptions/basic/change/',
  stop_url: '/profile/ada/subscriptions/basic/stop/',
};
const no_card = { ...typical, has_card: false, card: null };

/** State of a trial: when it ends, and what is charged then. */
export const trialPage = definePage(
  'saas/billing/trial.html',
  Type.Object({
    ...common_parts,
    /** True for a provider, who sees whether a card is on file, not which one. */
    is_seller: Type.Boolean(),
    has_card: Type.Boolean(),
    created_at: Instant,
    /** End (exclusive) of the trial. */
    ends_at: Instant,
    first: Type.Object({
      /** First period as it was promised, after the discount. */
      money: MoneyPart,
      /** First period without the discount, or null. */
      full: NullableMoney,
      setup: NullableMoney,
      total: MoneyPart,
      period_type: Type.String(),
      period_length: Type.Integer(),
      /** True if the plan renews after the first period. */
      renews: Type.Boolean(),
    }),
    is_cancelled: Type.Boolean(),
    card: SavedCardPart,
    card_url: Type.String(),
    change_url: NullableString,
    stop_url: NullableString,
  }),
  {
    typical,
    no_card,
    cancelled: { ...typical, is_cancelled: true },
    discount: {
      ...typical,
      first: { ...typical.first, money: usd(4500), full: usd(9000), setup: usd(1500), total: usd(6000) },
    },
    once: { ...typical, first: { ...typical.first, renews: false } },
    provider: { ...typical, is_seller: true, card: null, back_url: '/profile/ada/contact/' },
    provider_no_card: { ...no_card, is_seller: true, back_url: '/profile/ada/contact/' },
    read_only: { ...typical, may_edit: false, change_url: null, stop_url: null },
    long: {
      ...typical,
      first: { ...typical.first, money: usd(987_654_321_012), total: usd(987_654_321_012) },
      subscription: { ...commonSample.subscription, title: rightToLeftText.slice(0, 50) },
    },
  },
  { as: { provider: 'provider', provider_no_card: 'provider' } },
);
