/** Natural periods that plans are sold by. */
export const periodTypes = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;
export type PeriodType = (typeof periodTypes)[number];

export interface Period {
  /** Inclusive. */
  start_at: Date;
  /** Exclusive. */
  ends_at: Date;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const fixedLength_ms = { hourly: HOUR_MS, daily: DAY_MS, weekly: 7 * DAY_MS } as const;
const lengthInMonths = { monthly: 1, yearly: 12 } as const;
const nouns = { hourly: 'hour', daily: 'day', weekly: 'week', monthly: 'month', yearly: 'year' } as const;

/** True if a text names a natural period. */
export function isPeriodType(text: string): text is PeriodType {
  return (periodTypes as readonly string[]).includes(text); // widened only to search it
}

/** Returns the noun of a natural period for a count: `month` for 1, `months` for 12. */
export function periodNoun(type: PeriodType, count: number): string {
  return count > 1 ? `${nouns[type]}s` : nouns[type];
}

/**
 * Adds natural periods to an instant; subtracts them when `count` is negative.
 *
 * In UTC, without time zones and daylight saving. Months and years keep the time of day and end at the last day of a
 * shorter month: Jan 31 + 1 month is Feb 28 or 29.
 */
export function addPeriods(start: Date, count: number, type: PeriodType): Date {
  if (!Number.isSafeInteger(count)) throw new Error(`not a number of periods: ${count}`);
  if (type === 'monthly' || type === 'yearly') return addMonths(start, count * lengthInMonths[type]);
  return new Date(start.getTime() + count * fixedLength_ms[type]);
}

/**
 * Returns the instant `count` natural periods after `from` (by default after `anchor`).
 *
 * When `from` is the end of a whole number of periods, the result is counted from the anchor: month by month from Jan
 * 31 gives Feb 28, Mar 31, Apr 30. Any other `from`, such as an end that a provider changed, is counted from itself.
 */
export function endOfPeriods(anchor: Date, count: number, type: PeriodType, from: Date = anchor): Date {
  const elapsed = wholePeriods(anchor, type, 1, from);
  if (addPeriods(anchor, elapsed, type).getTime() === from.getTime()) return addPeriods(anchor, elapsed + count, type);
  return addPeriods(from, count, type);
}

/** Returns the period of `length` natural periods, counted from the anchor, that contains an instant. */
export function periodContaining(anchor: Date, type: PeriodType, length: number, at: Date): Period {
  const elapsed = wholePeriods(anchor, type, length, at);
  return {
    start_at: addPeriods(anchor, elapsed * length, type),
    ends_at: addPeriods(anchor, (elapsed + 1) * length, type),
  };
}

/** Counts the whole periods between the anchor and an instant; negative before the anchor. */
function wholePeriods(anchor: Date, type: PeriodType, length: number, at: Date): number {
  if (type !== 'monthly' && type !== 'yearly') {
    return Math.floor((at.getTime() - anchor.getTime()) / (fixedLength_ms[type] * length));
  }
  const step = lengthInMonths[type] * length;
  const months = (at.getUTCFullYear() - anchor.getUTCFullYear()) * 12 + at.getUTCMonth() - anchor.getUTCMonth();
  const guess = Math.floor(months / step);
  return addMonths(anchor, guess * step) <= at ? guess : guess - 1;
}

function addMonths(start: Date, months: number): Date {
  const target = new Date(start);
  target.setUTCDate(1);
  target.setUTCMonth(start.getUTCMonth() + months);
  target.setUTCDate(Math.min(start.getUTCDate(), daysInMonth(target)));
  return target;
}

function daysInMonth(date: Date): number {
  const last = new Date(date);
  last.setUTCMonth(date.getUTCMonth() + 1, 0);
  return last.getUTCDate();
}
