import { isInRange, requireInRange } from '#kernel/instant';
import { formatMoney, formatPercent, portion, type Money, wholeAmount } from '#kernel/money';
import { endOfPeriods, periodNoun } from '#kernel/period';
import { isGroupBuy, type Coupon } from '../coupons/index.ts';
import { discountOn, type Discount } from '../discount.ts';
import type { AdvanceDiscount, Plan } from '../plans/index.ts';

/** One way to buy a plan: a price, the time it pays for, and the text of the line. */
export interface PriceOption extends Money {
  /** Before any discount. */
  full_amount: number;
  /** Natural periods (months of a monthly plan) that the price pays for. */
  periods_count: number;
  covers_from: Date;
  /** Exclusive. */
  covers_to: Date;
  /** What was taken off, as people read it: `a 10% discount`, `2 months free`, `a $10.00 off`. */
  discounts: readonly string[];
  coupon: Coupon | null;
  /** `period` is the ordinary line; the two others are the ways into a plan with an unlock event. */
  kind: 'period' | 'unlock-now' | 'unlock-later';
}

export interface PriceTerms {
  /** One that `refuseCoupon` has nothing against, or null. */
  coupon: Coupon | null;
  /** Where the bought time begins: now for a new subscription, the end of the present one otherwise. */
  from: Date;
  /** When the subscription began; left out for a new one. */
  anchor?: Date;
}

/**
 * Lists the ways to buy a plan: one plan period, then one for each discount on paying several in advance, by length.
 *
 * An advance discount is taken first, in percent rounded so that the price is a whole number of units; a coupon is taken off
 * what is left. A price is always an amount that can be charged: in a currency without decimals it is rounded down to whole
 * units. Advance prices that come to nothing are left out, so a coupon over everything leaves one option; so are those for
 * more years than a date can tell.
 * A plan with an unlock event has two: pay now, or have access now and pay at the event.
 * @throws instant_out_of_range (400) when one more period would end after the year 9999
 * @see spec/billing.md 3.3 to 3.5
 */
export function priceOptions(plan: Plan, terms: PriceTerms): PriceOption[] {
  const single = priceSingle(plan, terms);
  if (plan.unlock_event !== null && plan.unlock_event !== '') {
    return [
      { ...single, kind: 'unlock-now' },
      { ...single, amount: 0, discounts: [], coupon: null, kind: 'unlock-later' },
    ];
  }
  const advance = plan.advance_discounts
    .toSorted((left, right) => left.length - right.length || left.id - right.id)
    .map((discount) => priceAdvance(plan, terms, discount))
    .filter((option) => option.amount > 0 && isInRange(option.covers_to));
  return [single, ...advance];
}

/** Prices the next plan period of a subscription that renews: today's price, no discount. */
export function priceRenewal(plan: Plan, terms: { anchor: Date; from: Date }): PriceOption {
  return priceSingle(plan, { ...terms, coupon: null });
}

/**
 * Settles which option a buyer takes: the only one there is, or the one chosen by its number from 1 on.
 * Null when the buyer has still to choose.
 */
export function chooseOption(options: readonly PriceOption[], number: number): PriceOption | null {
  if (options.length === 1) return options[0] ?? null;
  return options[number - 1] ?? null;
}

function priceSingle(plan: Plan, terms: PriceTerms): PriceOption {
  const full_amount = plan.period_amount;
  const off = terms.coupon === null ? 0 : discountOn(full_amount, plan.period_amount, terms.coupon);
  const covered = coverage(plan, terms, 1);
  requireInRange(covered.covers_to);
  return {
    amount: wholeAmount({ amount: full_amount - off, unit: plan.unit }),
    unit: plan.unit,
    full_amount,
    ...covered,
    discounts: terms.coupon === null ? [] : [discountText(plan, terms.coupon)],
    coupon: terms.coupon,
    kind: 'period',
  };
}

function priceAdvance(plan: Plan, terms: PriceTerms, discount: AdvanceDiscount): PriceOption {
  const full_amount = plan.period_amount * discount.length;
  const reduced = full_amount - advanceOff(full_amount, plan, discount);
  const off = terms.coupon === null ? 0 : discountOn(reduced, plan.period_amount, terms.coupon);
  const amount = wholeAmount({ amount: reduced - off, unit: plan.unit });
  return {
    amount,
    unit: plan.unit,
    full_amount,
    ...coverage(plan, terms, discount.length),
    discounts: joinDiscounts(plan, discount, terms.coupon, { full_amount, amount }),
    coupon: terms.coupon,
    kind: 'period',
  };
}

function advanceOff(full_amount: number, plan: Plan, discount: AdvanceDiscount): number {
  if (discount.discount_type !== 'percentage') return discountOn(full_amount, plan.period_amount, discount);
  const off = portion(full_amount, discount.discount_value);
  return off + ((full_amount - off) % 100);
}

function coverage(
  plan: Plan,
  terms: PriceTerms,
  plan_periods: number,
): Pick<PriceOption, 'periods_count' | 'covers_from' | 'covers_to'> {
  const periods_count = plan_periods * plan.period_length;
  const covers_to = endOfPeriods(terms.anchor ?? terms.from, periods_count, plan.period_type, terms.from);
  return { periods_count, covers_from: terms.from, covers_to };
}

/** Two discounts of one kind read as one; two percentages as the part that they took together. */
function joinDiscounts(
  plan: Plan,
  advance: Discount,
  coupon: Coupon | null,
  price: { full_amount: number; amount: number },
): string[] {
  if (coupon === null) return [discountText(plan, advance)];
  if (coupon.discount_type !== advance.discount_type) {
    return [advance, coupon]
      .toSorted((left, right) => rank(left) - rank(right))
      .map((discount) => discountText(plan, discount));
  }
  const discount_value =
    advance.discount_type === 'percentage'
      ? Number((BigInt(price.full_amount - price.amount) * 10_000n) / BigInt(price.full_amount || 1))
      : advance.discount_value + coupon.discount_value;
  return [discountText(plan, { discount_type: advance.discount_type, discount_value })];
}

function rank({ discount_type }: Discount): number {
  return { percentage: 0, period: 1, currency: 2 }[discount_type];
}

function discountText(plan: Plan, { discount_type, discount_value }: Discount): string {
  if (discount_type === 'percentage') return `a ${formatPercent(discount_value)} discount`;
  if (discount_type === 'currency') return `a ${formatMoney({ amount: discount_value, unit: plan.unit })} off`;
  const periods = discount_value * plan.period_length;
  return `${periods} ${periodNoun(plan.period_type, periods)} free`;
}

export interface LineNames {
  /** Subscriber of a renewal, unless a person. */
  subscriber?: string | null;
  /** Who paid for a group, on the lines of the others. */
  complimentary_of?: string | null;
  /** For whom somebody else buys. */
  beneficiary?: { full_name: string; sync_on: string } | null;
}

/**
 * Writes the text of a line: `Subscription to basic until 2027/01/10 (12 months) - a 10% discount`.
 * For people only: nothing is ever read back from it.
 * @see spec/billing.md 2.2
 */
export function describeOption(plan: Plan, option: PriceOption, names: LineNames = {}): string {
  const suffix = optionSuffix(option, names);
  return suffix === '' ? optionText(plan, option) : `${optionText(plan, option)} - ${suffix}`;
}

function optionText(plan: Plan, option: PriceOption): string {
  if (option.kind === 'unlock-now') return `Unlock ${plan.slug} now. Don't worry later to ${plan.unlock_event}.`;
  if (option.kind === 'unlock-later') {
    const later = formatMoney({ amount: option.full_amount, unit: option.unit });
    return `Access ${plan.slug} Today. Pay ${later} later to ${plan.unlock_event}.`;
  }
  const until = option.covers_to.toISOString().slice(0, 10).replaceAll('-', '/');
  const periods = `${option.periods_count} ${periodNoun(plan.period_type, option.periods_count)}`;
  return `Subscription to ${plan.slug} until ${until} (${periods})`;
}

function optionSuffix({ discounts, coupon }: PriceOption, names: LineNames): string {
  const parts = [names.subscriber ?? '', discounts.join(' and ')].filter((part) => part !== '').join(' ');
  const code =
    coupon === null ? '' : isGroupBuy(coupon) ? complimentary(names.complimentary_of) : ` (code: ${coupon.code})`;
  const { beneficiary } = names;
  const whom = beneficiary ? ` for ${beneficiary.full_name} (${beneficiary.sync_on})` : '';
  return `${parts}${code}${whom}`.trim();
}

function complimentary(payer: string | null | undefined): string {
  return payer ? `, complimentary of ${payer}` : '';
}
