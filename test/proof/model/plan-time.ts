import { type EarnedPeriod, monthAfter } from './earnings.ts';

// Slow arithmetic of plan periods, written from the specification. Instants are ms since 1970, amounts are in 1/100.

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
const HOURS: Partial<Record<EarnedPeriod, number>> = { hourly: 1, daily: 24, weekly: 168 };

export interface DiaryPlan {
  slug: string;
  amount: number;
  period_type: EarnedPeriod;
  period_length: number;
  quota: number;
}

/** Time that an amount pays for, counted from an anchor. */
export interface PaidTime {
  plan: DiaryPlan;
  amount: number;
  anchor: number;
  from: number;
  to: number;
}

/** Returns the boundary of the plan periods from the anchor with this number, which may be negative. */
export function boundary(plan: DiaryPlan, anchor: number, number: number): number {
  const hours = HOURS[plan.period_type];
  if (hours !== undefined) return anchor + number * plan.period_length * hours * HOUR_MS;
  return monthAfter(anchor, number * plan.period_length * (plan.period_type === 'yearly' ? 12 : 1));
}

/** Returns the plan period that contains an instant: its first instant, and the first one after it. */
export function periodOf(plan: DiaryPlan, anchor: number, at: number): [from: number, to: number] {
  let number = 0;
  while (boundary(plan, anchor, number) > at) number -= 1;
  while (boundary(plan, anchor, number + 1) <= at) number += 1;
  return [boundary(plan, anchor, number), boundary(plan, anchor, number + 1)];
}

/** A number of months, or of ms, as a fraction. */
type Fraction = [numerator: bigint, denominator: bigint];

/** Position of an instant: whole months from the anchor and the part of the running one; ms for shorter periods. */
function position(plan: DiaryPlan, anchor: number, at: number): Fraction {
  if (HOURS[plan.period_type] !== undefined) return [BigInt(at - anchor), 1n];
  let month = 0;
  while (monthAfter(anchor, month) > at) month -= 1;
  while (monthAfter(anchor, month + 1) <= at) month += 1;
  const length = BigInt(monthAfter(anchor, month + 1) - monthAfter(anchor, month));
  return [BigInt(month) * length + BigInt(at - monthAfter(anchor, month)), length];
}

const minus = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * d - c * b, b * d];

/** Returns what of an amount is earned at an instant of the span that it pays for, rounded down. */
export function earnedAt({ plan, amount, anchor, from, to }: PaidTime, at: number): number {
  if (at <= from) return 0;
  if (at >= to) return amount;
  const start = position(plan, anchor, from);
  const [passed, per] = minus(position(plan, anchor, at), start);
  const [whole, of] = minus(position(plan, anchor, to), start);
  return Number((BigInt(amount) * passed * of) / (per * whole));
}

/** Returns the ends of the calendar months from the anchor that lie in a span, with its end. */
export function windowEnds({ anchor, from, to }: PaidTime): number[] {
  const ends: number[] = [];
  let month = 0;
  while (monthAfter(anchor, month) > from) month -= 1;
  for (; monthAfter(anchor, month) < to; month += 1)
    if (monthAfter(anchor, month) > from) ends.push(monthAfter(anchor, month));
  return [...ends, to];
}
