import { dateFormatter } from './formatters.ts';
import { Temporal } from 'temporal-polyfill';
import { inputProblems, invalidInput } from './problem.ts';

/** First and last instant that Tollgate accepts, inclusive: PostgreSQL, JSON and years of four digits support them. */
const FIRST_MS = Date.UTC(1900, 0);
const LAST_MS = Date.UTC(10_000, 0) - 1;

// ISO 8601: a date, or a date and a time with or without offset. A space is accepted for the `+` that form encoding
// loses.
const INSTANT =
  /^(?<date>\d{4}-\d{2}-\d{2})(?:[T ](?<time>\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)(?<offset>Z|[-+ ]\d{2}(?::?\d{2})?)?)?$/i;

/**
 * Parses a date or a date-time in ISO 8601 from 1900 to 9999; null for any other text.
 *
 * A date-time without offset is read in `timezone`, a date is the first instant of that day there. An unknown zone is
 * UTC.
 */
export function parseInstant(text: string, timezone: string): Date | null {
  const instant = readIso(text, timezone);
  return instant !== null && isInRange(instant) ? instant : null;
}

/**
 * Parses the instant of a field of a request.
 * @throws invalid_input (400) naming the field
 */
export function readInstant(field: string, text: string, timezone: string): Date {
  const instant = parseInstant(text, timezone);
  if (instant === null) throw notAnInstant(field);
  return instant;
}

/** Returns the refusal of a field that holds no instant. */
export function notAnInstant(field: string) {
  return invalidInput({ [field]: ['Enter a date or a date-time in ISO 8601, from the year 1900 to 9999.'] });
}

/**
 * True for an instant that can be stored and shown; false for an invalid date and for years before 1900 or after 9999.
 */
export function isInRange(instant: Date): boolean {
  const at_ms = instant.getTime();
  return at_ms >= FIRST_MS && at_ms <= LAST_MS;
}

/**
 * Returns a computed instant, such as the end of a period.
 * @throws instant_out_of_range (400)
 */
export function requireInRange(instant: Date): Date {
  if (!isInRange(instant)) throw inputProblems.instant_out_of_range();
  return instant;
}

function readIso(text: string, timezone: string): Date | null {
  const groups = INSTANT.exec(text.trim())?.groups;
  if (!groups?.['date']) return null;
  const zone = isTimeZone(timezone) ? timezone : 'UTC';
  const { date, time, offset } = groups;
  try {
    if (time === undefined)
      return toDate(Temporal.PlainDate.from(date).toZonedDateTime({ timeZone: zone }).toInstant());
    if (offset !== undefined) return toDate(Temporal.Instant.from(`${date}T${time}${offset.replace(' ', '+')}`));
    return toDate(Temporal.PlainDateTime.from(`${date}T${time}`).toZonedDateTime(zone).toInstant());
  } catch (error) {
    if (error instanceof RangeError) return null; // no such day or hour
    throw error;
  }
}

/** True if a text is the name of a time zone (IANA), such as `Europe/Paris`. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][-+/A-Za-z0-9_]*$/.test(name)) return false;
  try {
    dateFormatter('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Returns the first instant of the day that contains `at` in a time zone. */
export function startOfDay(at: Date, timezone: string): Date {
  return toDate(zoned(at, timezone).startOfDay().toInstant());
}

/** Returns the calendar year that contains `at` in a time zone; an unknown zone is UTC. */
export function yearIn(at: Date, timezone: string): number {
  return zoned(at, timezone).year;
}

function zoned(at: Date, timezone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(
    isTimeZone(timezone) ? timezone : 'UTC',
  );
}

function toDate(instant: Temporal.Instant): Date {
  return new Date(instant.epochMilliseconds);
}
