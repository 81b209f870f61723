import { describeOption, type Plan, type PriceOption } from '#catalog';
import { periodNoun } from '#kernel/period';

/** Returns `until 2026/02/10`. */
export function untilText(ends_at: Date): string {
  return `until ${ends_at.toISOString().slice(0, 10).replaceAll('-', '/')}`;
}

/** Returns the text of the line for the rest of a period: `Subscription to pro until 2026/02/10 (rest of 1 month)`. */
export function describeRest(plan: Plan, option: PriceOption, quantity: number): string {
  const text = describeOption(plan, option);
  const periods = periodsText(plan, option.periods_count);
  return withSeats(text.replace(`(${periods})`, `(rest of ${periods})`), quantity);
}

/** Returns the text of the line for whole periods. */
export function describeWhole(plan: Plan, option: PriceOption, quantity: number): string {
  return withSeats(describeOption(plan, option), quantity);
}

/** Returns the text of added seats: `3 seats of team until 2026/02/10 (rest of 1 month)`. */
export function describeSeats(
  plan: Pick<Plan, 'slug' | 'period_type'>,
  { seats, covers_to, periods_count }: { seats: number; covers_to: Date; periods_count: number },
  is_rest: boolean,
): string {
  const periods = periodsText(plan, periods_count);
  const noun = seats === 1 ? 'seat' : 'seats';
  return `${seats} ${noun} of ${plan.slug} ${untilText(covers_to)} (${is_rest ? 'rest of ' : ''}${periods})`;
}

function periodsText({ period_type }: Pick<Plan, 'period_type'>, count: number): string {
  return `${count} ${periodNoun(period_type, count)}`;
}

function withSeats(text: string, quantity: number): string {
  if (quantity === 1) return text;
  return `${text}${text.endsWith(')') ? ' - ' : ', '}${quantity} seats`;
}
