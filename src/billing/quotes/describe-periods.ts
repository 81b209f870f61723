import assert from 'node:assert/strict';
import { describeOption, type Plan, type PriceOption } from '#catalog';
import { periodNoun, type PeriodType } from '#kernel/period';

/** Periods of a plan as a line buys them. `period_type` may differ from the plan's. */
export interface BoughtPeriods {
  periods_count: number;
  period_type: PeriodType;
  covers_from: Date;
  covers_to: Date;
}

/** Ledger description of a `period` line, and its part after the end date and the periods. */
interface PeriodText {
  description: string;
  /** Omitted if the description names no end date. */
  description_suffix?: string;
}

/**
 * Returns the ledger description of plan periods without a suffix: `Subscription to basic until 2026/04/10 (1 month)`.
 */
export function describePeriods(plan: Plan, { period_type, ...periods }: BoughtPeriods): string {
  const option: PriceOption = {
    ...periods,
    kind: 'period',
    amount: 0,
    full_amount: 0,
    recurring_amount: 0,
    unit: plan.unit,
    discounts: [],
    coupon: null,
  };
  return describeOption({ ...plan, period_type }, option);
}

/**
 * Returns the ledger description of an option. `addition` is text that follows it. The suffix is kept apart because the
 * end date may move until the order is settled.
 */
export function describePeriodOption(
  plan: Plan,
  option: PriceOption,
  names: Parameters<typeof describeOption>[2],
  addition = '',
): PeriodText {
  const description = `${describeOption(plan, option, names)}${addition}`;
  if (option.kind !== 'period') return { description };
  const periods = describePeriods(plan, { ...option, period_type: plan.period_type });
  assert(description.startsWith(periods), 'the description of an option starts with its periods');
  return { description, description_suffix: description.slice(periods.length) };
}

/** Returns the ledger description of a trial: `Trial of basic until 2026/01/24 (14 days)`. */
export function describeTrial(
  { slug }: Pick<Plan, 'slug'>,
  { days, covers_to }: { days: number; covers_to: Date },
): string {
  const until = covers_to.toISOString().slice(0, 10).replaceAll('-', '/');
  return `Trial of ${slug} until ${until} (${days} ${periodNoun('daily', days)})`;
}
