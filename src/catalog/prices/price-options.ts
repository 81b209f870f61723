import { isInRange, requireInRange } from '#kernel/instant';
import { formatMoney, formatPercent, portion, type Money, wholeAmount } from '#kernel/money';
import { endOfPeriods, periodNoun } from '#kernel/period';
import type { Coupon } from '../coupons/index.ts';
import { applyDiscount, type Discount } from '../discount.ts';
import type { AdvanceDiscount, Plan } from '../plans/index.ts';

/** One way to buy a plan: a price and the time that it pays for. */
export interface PriceOption extends Money {
  /** Amount before discounts. */
  full_amount: number;
  /** Amount after an advance discount and before a coupon: the price of a renewal for as many periods. */
  recurring_amount: number;
  /** Natural periods (months of a monthly plan) that the price pays for. */
  periods_count: number;
  covers_from: Date;
  /** Exclusive. */
  covers_to: Date;
  /** Texts of the discounts: `a 10% discount`, `2 months free`, `a $10.00 off`. */
  discounts: readonly string[];
  coupon: Coupon | null;
  /** `unlock-now` and `unlock-later` are the options of a plan with an unlock event. */
  kind: 'period' | 'unlock-now' | 'unlock-later';
}

export interface PriceTerms {
  /** A coupon that `refuseCoupon` does not refuse, or null. */
  coupon: Coupon | null;
  /** Beginning of the time bought: now for a new subscription, otherwise the end of the running one. */
  from: Date;
  /** Beginning of the subscription; omitted for a new one. */
  anchor?: Date;
}

/**
 * Prices the options to buy a plan: one plan period, then one option per advance discount, by increasing length.
 *
 * The advance discount is applied first; one in percent is rounded so that the price is a whole number of units. The
 * coupon is applied to the remainder. Every price can be charged: in a currency without decimals it is rounded down to
 * whole units. Excludes advance options with a price of zero, and those that end after the year 9999. A plan with an
 * unlock event has two options: pay now, or get access now and pay at the event.
 * @throws instant_out_of_range (400) when one more period would end after the year 9999
 * @see docs/spec/billing.md 3.3 to 3.5
 */
export function priceOptions(plan: Plan, terms: PriceTerms): PriceOption[] {
  const single = priceSingle(plan, terms);
  if (plan.unlock_event !== null && plan.unlock_event !== '') {
    return [
      { ...single, kind: 'unlock-now' },
      { ...single, amount: 0, recurring_amount: 0, discounts: [], coupon: null, kind: 'unlock-later' },
    ];
  }
  const advance = plan.advance_discounts
    .toSorted((left, right) => left.length - right.length || left.id - right.id)
    .map((discount) => priceAdvance(plan, terms, discount))
    .filter((option) => option.amount > 0 && isInRange(option.covers_to));
  return [single, ...advance];
}

/**
 * Returns the option that a buyer takes: the only one, or the one with the number (from 1). Null if none is chosen yet.
 */
export function chooseOption(options: readonly PriceOption[], number: number): PriceOption | null {
  if (options.length === 1) return options[0] ?? null;
  return options[number - 1] ?? null;
}

function priceSingle(plan: Plan, terms: PriceTerms): PriceOption {
  const full_amount = plan.period_amount;
  const off = terms.coupon === null ? 0 : applyDiscount(full_amount, plan.period_amount, terms.coupon);
  const covered = computeCoverage(plan, terms, 1);
  requireInRange(covered.covers_to);
  return {
    amount: wholeAmount({ amount: full_amount - off, unit: plan.unit }),
    unit: plan.unit,
    full_amount,
    recurring_amount: full_amount,
    ...covered,
    discounts: terms.coupon === null ? [] : [formatDiscount(plan, terms.coupon)],
    coupon: terms.coupon,
    kind: 'period',
  };
}

function priceAdvance(plan: Plan, terms: PriceTerms, discount: AdvanceDiscount): PriceOption {
  const full_amount = plan.period_amount * discount.length;
  const reduced = full_amount - advanceReduction(full_amount, plan, discount);
  const off = terms.coupon === null ? 0 : applyDiscount(reduced, plan.period_amount, terms.coupon);
  const amount = wholeAmount({ amount: reduced - off, unit: plan.unit });
  return {
    amount,
    unit: plan.unit,
    full_amount,
    recurring_amount: reduced,
    ...computeCoverage(plan, terms, discount.length),
    discounts: joinDiscountTexts(plan, discount, terms.coupon, { full_amount, amount }),
    coupon: terms.coupon,
    kind: 'period',
  };
}

function advanceReduction(full_amount: number, plan: Plan, discount: AdvanceDiscount): number {
  if (discount.discount_type !== 'percentage') return applyDiscount(full_amount, plan.period_amount, discount);
  const off = portion(full_amount, discount.discount_value);
  return off + ((full_amount - off) % 100);
}

function computeCoverage(
  plan: Plan,
  terms: PriceTerms,
  plan_periods: number,
): Pick<PriceOption, 'periods_count' | 'covers_from' | 'covers_to'> {
  const periods_count = plan_periods * plan.period_length;
  const covers_to = endOfPeriods(terms.anchor ?? terms.from, periods_count, plan.period_type, terms.from);
  return { periods_count, covers_from: terms.from, covers_to };
}

/**
 * Returns the texts of both discounts. Two of one type are one text; two percentages are the percentage of their sum.
 */
function joinDiscountTexts(
  plan: Plan,
  advance: Discount,
  coupon: Coupon | null,
  price: { full_amount: number; amount: number },
): string[] {
  if (coupon === null) return [formatDiscount(plan, advance)];
  if (coupon.discount_type !== advance.discount_type) {
    return [advance, coupon]
      .toSorted((left, right) => rank(left) - rank(right))
      .map((discount) => formatDiscount(plan, discount));
  }
  const discount_value =
    advance.discount_type === 'percentage'
      ? Number((BigInt(price.full_amount - price.amount) * 10_000n) / BigInt(price.full_amount || 1))
      : advance.discount_value + coupon.discount_value;
  return [formatDiscount(plan, { discount_type: advance.discount_type, discount_value })];
}

function rank({ discount_type }: Discount): number {
  return { percentage: 0, period: 1, currency: 2 }[discount_type];
}

function formatDiscount(plan: Plan, { discount_type, discount_value }: Discount): string {
  if (discount_type === 'percentage') return `a ${formatPercent(discount_value)} discount`;
  if (discount_type === 'currency') return `a ${formatMoney({ amount: discount_value, unit: plan.unit })} off`;
  const periods = discount_value * plan.period_length;
  return `${periods} ${periodNoun(plan.period_type, periods)} free`;
}
