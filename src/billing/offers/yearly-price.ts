import { type Plan, priceOptions, type PriceOption } from '#catalog';

const MONTHS_PER_YEAR = 12;

/** How a plan is bought for a year. */
export interface YearlyPrice {
  /** Number of the option from 1, as a cart item stores it. */
  option: number;
  /** Price without a coupon. */
  priced: PriceOption;
  /** Discount, in basis points, rounded down. */
  reduction_bps: number;
}

/** Returns the advance option of a monthly plan that pays for 12 months, or null. Pure. */
export function findYearlyPrice(plan: Plan, at: Date): YearlyPrice | null {
  if (plan.is_not_priced || plan.period_type !== 'monthly' || plan.period_length === MONTHS_PER_YEAR) return null;
  const options = priceOptions(plan, { coupon: null, from: at });
  const index = options.findIndex(({ periods_count, kind }) => kind === 'period' && periods_count === MONTHS_PER_YEAR);
  const priced = options[index];
  if (!priced) return null;
  return { option: index + 1, priced, reduction_bps: reductionBps(priced.full_amount, priced.amount) };
}

/**
 * Finds the monthly plans that are also sold as a yearly plan: by the same provider, in the same currency, with the
 * same name apart from the words for the period. Returns pairs of monthly and yearly plan. Pure.
 */
export function findYearlyTwins(plans: readonly Plan[]): Map<Plan, Plan> {
  const yearly = new Map(plans.filter((plan) => isYearly(plan)).map((plan) => [twinKey(plan), plan]));
  const monthly = plans.filter(({ period_type, period_length }) => period_type === 'monthly' && period_length === 1);
  return new Map(
    monthly.flatMap((plan) => {
      const twin = yearly.get(twinKey(plan));
      return twin && !plan.is_not_priced ? [[plan, twin] as const] : [];
    }),
  );
}

/** Reduction of a yearly plan compared with 12 months of its monthly twin, in basis points. */
export function twinReductionBps(monthly: Plan, yearly: Plan): number {
  return reductionBps(monthly.period_amount * MONTHS_PER_YEAR, yearly.period_amount);
}

function isYearly({ period_type, period_length, is_not_priced }: Plan): boolean {
  if (is_not_priced) return false;
  return period_type === 'yearly'
    ? period_length === 1
    : period_type === 'monthly' && period_length === MONTHS_PER_YEAR;
}

function twinKey({ profile_id, unit, title }: Plan): string {
  const name = title
    .toLowerCase()
    .replaceAll(/\b(?:monthly|yearly|annual|annually)\b/g, '')
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
  return JSON.stringify([profile_id, unit, name]);
}

function reductionBps(full_amount: number, amount: number): number {
  if (full_amount <= 0 || amount >= full_amount) return 0;
  return Number((BigInt(full_amount - amount) * 10_000n) / BigInt(full_amount));
}
