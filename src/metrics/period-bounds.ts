import { Temporal } from 'temporal-polyfill';
import { isTimeZone } from '#kernel/instant';
import type { PeriodType } from '#kernel/period';

/** Default number of periods per report. */
export const periodsShown: Readonly<Record<PeriodType, number>> = {
  hourly: 24,
  daily: 7,
  weekly: 8,
  monthly: 12,
  yearly: 5,
};

/**
 * Returns the bounds of the `count` calendar periods before `ends_at`: `count` + 1 instants, ascending, the last is
 * `ends_at`.
 *
 * Periods start at local midnight (hours on the hour, weeks on Monday, years on January 1); those of subscriptions
 * start at other instants. When `ends_at` lies within a period, this partial period is the last one.
 */
export function periodBounds(ends_at: Date, type: PeriodType, count: number, timezone: string): Date[] {
  const end = Temporal.Instant.fromEpochMilliseconds(ends_at.getTime()).toZonedDateTimeISO(
    isTimeZone(timezone) ? timezone : 'UTC',
  );
  const start = startOfPeriod(end, type);
  const is_whole = start.epochMilliseconds === end.epochMilliseconds;
  const full = is_whole ? count : count - 1;
  const bounds = Array.from({ length: full + 1 }, (_, index) => instantOf(subtractPeriods(start, full - index, type)));
  return is_whole ? bounds : [...bounds, ends_at];
}

/**
 * Returns the bounds of the running and the next calendar periods: `count` + 1 instants, ascending, the first is
 * `starts_at`.
 */
export function upcomingBounds(starts_at: Date, type: PeriodType, count: number, timezone: string): Date[] {
  const at = Temporal.Instant.fromEpochMilliseconds(starts_at.getTime()).toZonedDateTimeISO(
    isTimeZone(timezone) ? timezone : 'UTC',
  );
  const start = startOfPeriod(at, type);
  return [
    starts_at,
    ...Array.from({ length: count }, (_, index) => instantOf(subtractPeriods(start, -index - 1, type))),
  ];
}

function startOfPeriod(at: Temporal.ZonedDateTime, type: PeriodType): Temporal.ZonedDateTime {
  switch (type) {
    case 'hourly':
      return at.round({ smallestUnit: 'hour', roundingMode: 'floor' });
    case 'daily':
      return at.startOfDay();
    case 'weekly':
      return at.startOfDay().subtract({ days: at.dayOfWeek - 1 });
    case 'monthly':
      return at.with({ day: 1 }).startOfDay();
    case 'yearly':
      return at.with({ month: 1, day: 1 }).startOfDay();
  }
}

/** Subtracts periods. Hours are elapsed time; days and longer are calendar time: a day of 23 hours is one day. */
function subtractPeriods(start: Temporal.ZonedDateTime, count: number, type: PeriodType): Temporal.ZonedDateTime {
  switch (type) {
    case 'hourly':
      return start.subtract({ hours: count });
    case 'daily':
      return start.subtract({ days: count }).startOfDay();
    case 'weekly':
      return start.subtract({ weeks: count }).startOfDay();
    case 'monthly':
      return start.subtract({ months: count }).startOfDay();
    case 'yearly':
      return start.subtract({ years: count }).startOfDay();
  }
}

function instantOf(at: Temporal.ZonedDateTime): Date {
  return new Date(at.epochMilliseconds);
}
