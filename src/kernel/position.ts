import { addPeriods, type Period, periodContaining, type PeriodType } from './period.ts';

/** A fraction of whole numbers; the denominator is > 0. */
export interface Fraction {
  numerator: bigint;
  denominator: bigint;
}

/** Time whose price is earned evenly by position, and where positions are counted from. */
export interface Span {
  anchor_at: Date;
  period_type: PeriodType;
  /** Inclusive. */
  starts_at: Date;
  /** Exclusive. */
  ends_at: Date;
}

/** The periods that a plan is sold by, counted from an anchor. */
export interface PlanPeriods {
  anchor_at: Date;
  period_type: PeriodType;
  /** Natural periods in a period of the plan. */
  period_length: number;
}

const zero: Fraction = { numerator: 0n, denominator: 1n };
const one: Fraction = { numerator: 1n, denominator: 1n };

/**
 * Returns the exact position of an instant in natural periods after the anchor; negative before it.
 *
 * Monthly and yearly: whole months since the anchor and the elapsed part of the running month, in milliseconds of that
 * month; a year is 12 such months. Hourly, daily, weekly: milliseconds in the length of the period.
 */
export function positionOf(anchor_at: Date, period_type: PeriodType, at: Date): Fraction {
  if (period_type === 'monthly' || period_type === 'yearly') {
    const months = positionInMonths(anchor_at, at);
    return period_type === 'monthly' ? months : { ...months, denominator: months.denominator * 12n };
  }
  return { numerator: between(anchor_at, at), denominator: between(anchor_at, addPeriods(anchor_at, 1, period_type)) };
}

/** Returns the elapsed part of a span at an instant, from 0 to 1. A span without length is over. */
export function elapsedPart({ anchor_at, period_type, starts_at, ends_at }: Span, at: Date): Fraction {
  if (at >= ends_at) return one;
  if (at <= starts_at) return zero;
  const start = positionOf(anchor_at, period_type, starts_at);
  const elapsed = subtract(positionOf(anchor_at, period_type, at), start);
  const whole = subtract(positionOf(anchor_at, period_type, ends_at), start);
  return {
    numerator: elapsed.numerator * whole.denominator,
    denominator: elapsed.denominator * whole.numerator,
  };
}

/**
 * Returns the part of an amount that is earned at an instant: `floor(amount × elapsed part)`. It never falls as time
 * passes. Units: 1/100, ≥ 0.
 */
export function earned(amount: number, span: Span, at: Date): number {
  if (!Number.isSafeInteger(amount) || amount < 0) throw new Error(`not an amount that can be earned: ${amount}`);
  const { numerator, denominator } = elapsedPart(span, at);
  return Number((BigInt(amount) * numerator) / denominator);
}

/** Returns the part of an amount that is not earned at an instant. It adds up to the amount with `earned`. */
export function unearned(amount: number, span: Span, at: Date): number {
  return amount - earned(amount, span, at);
}

/**
 * Returns the price of the rest of the plan period that contains an instant, for the price of the whole period. What is
 * charged and what is credited for the same time at the same price is the same number, because both are `unearned`.
 */
export function restPrice(amount: number, periods: PlanPeriods, at: Date): number {
  const { anchor_at, period_type, period_length } = periods;
  const { start_at, ends_at } = periodContaining(anchor_at, period_type, period_length, at);
  return unearned(amount, { anchor_at, period_type, starts_at: start_at, ends_at }, at);
}

/**
 * Returns the end of the recognition window of a span that is running at `from`: the next boundary of the calendar
 * months that are counted from the anchor, or the end of the span if that is earlier. Null from the end of the span on.
 */
export function windowEnd({ anchor_at, starts_at, ends_at }: Omit<Span, 'period_type'>, from: Date): Date | null {
  if (from >= ends_at) return null;
  const month = periodContaining(anchor_at, 'monthly', 1, from > starts_at ? from : starts_at);
  return month.ends_at < ends_at ? month.ends_at : ends_at;
}

/** Returns the recognition windows of a span that end at or before `until`, from the one that is running at `from`. */
export function recognitionWindows(span: Omit<Span, 'period_type'>, from: Date, until: Date): Period[] {
  const windows: Period[] = [];
  let start_at = from > span.starts_at ? from : span.starts_at;
  for (let end = windowEnd(span, start_at); end !== null && end <= until; end = windowEnd(span, start_at)) {
    windows.push({ start_at, ends_at: end });
    start_at = end;
  }
  return windows;
}

function positionInMonths(anchor_at: Date, at: Date): Fraction {
  const { start_at, ends_at } = periodContaining(anchor_at, 'monthly', 1, at);
  const months = BigInt(
    (start_at.getUTCFullYear() - anchor_at.getUTCFullYear()) * 12 + start_at.getUTCMonth() - anchor_at.getUTCMonth(),
  );
  const month = between(start_at, ends_at);
  return { numerator: months * month + between(start_at, at), denominator: month };
}

function between(from: Date, to: Date): bigint {
  return BigInt(to.getTime() - from.getTime());
}

function subtract(a: Fraction, b: Fraction): Fraction {
  return {
    numerator: a.numerator * b.denominator - b.numerator * a.denominator,
    denominator: a.denominator * b.denominator,
  };
}
