import { isTimeZone, readInstant } from '#kernel/instant';
import type { PeriodType } from '#kernel/period';
import { invalidInput } from '#kernel/problem';
import { periodBounds, periodsShown, upcomingBounds } from './period-bounds.ts';

/** Periods that a caller asks for. Instants are texts; `ends_at` is now when omitted. */
export interface ReportQuery {
  period_type?: PeriodType | undefined;
  nb_periods?: string | undefined;
  start_at?: string | undefined;
  ends_at?: string | undefined;
  timezone?: string | undefined;
  unit?: string | undefined;
}

/** The periods of a report. */
export interface ReportPeriods {
  type: PeriodType;
  /** Starts of the periods, ascending, and the end (exclusive) of the last. */
  bounds: readonly Date[];
  /** Start of the period before the first. */
  before: Date;
  /** Zone in which the periods begin. */
  timezone: string;
}

const PERIODS_MAX = 100;

/**
 * Reads the periods of a report. Instants without an offset are read in `timezone` of the query, else in that of the
 * profile. `start_at` replaces the number of periods: the first period is the one that contains it.
 *
 * @throws invalid_input (400) naming `timezone`, `ends_at` or `start_at`
 */
export function readPeriods(query: ReportQuery, profile_timezone: string, now: Date): ReportPeriods {
  const timezone = readZone(query, profile_timezone);
  const type = query.period_type ?? 'monthly';
  const ends_at = query.ends_at ? readInstant('ends_at', query.ends_at, timezone) : now;
  const count = query.start_at
    ? countFrom(readInstant('start_at', query.start_at, timezone), ends_at, type, timezone)
    : Number(query.nb_periods ?? periodsShown[type]);
  const [before, ...bounds] = periodBounds(ends_at, type, count + 1, timezone);
  return { type, bounds, before: before ?? ends_at, timezone };
}

/**
 * Reads the bounds of the periods from now on, the running one first.
 *
 * @throws invalid_input (400) naming `timezone`
 */
export function readUpcoming(
  query: Pick<ReportQuery, 'period_type' | 'nb_periods' | 'timezone'>,
  profile_timezone: string,
  now: Date,
): Date[] {
  const timezone = readZone(query, profile_timezone);
  const type = query.period_type ?? 'monthly';
  return upcomingBounds(now, type, Number(query.nb_periods ?? periodsShown[type]), timezone);
}

function readZone({ timezone }: Pick<ReportQuery, 'timezone'>, profile_timezone: string): string {
  if (timezone === undefined || timezone === '') return profile_timezone;
  if (!isTimeZone(timezone))
    throw invalidInput({ timezone: ['Enter a time zone of the IANA database, such as Europe/Paris.'] });
  return timezone;
}

/** Counts the periods from the one that contains `start_at` to `ends_at`. */
function countFrom(start_at: Date, ends_at: Date, type: PeriodType, timezone: string): number {
  if (start_at >= ends_at) throw invalidInput({ start_at: ['The start must be before the end.'] });
  const bounds = periodBounds(ends_at, type, PERIODS_MAX, timezone);
  const index = bounds.findLastIndex((bound) => bound <= start_at);
  if (index === -1) throw invalidInput({ start_at: [`A report has ${PERIODS_MAX} periods at most.`] });
  return PERIODS_MAX - index;
}

/** Starts of the periods of a report, with that of the period before the first. */
export function periodStarts({ before, bounds }: Pick<ReportPeriods, 'before' | 'bounds'>): Date[] {
  return [before, ...bounds.slice(0, -1)];
}
