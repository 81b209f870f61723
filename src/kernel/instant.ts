import { Temporal } from 'temporal-polyfill';

// ISO 8601: a date, or a date and a time with or without offset. A space stands for the `+` that forms lose.
const INSTANT =
  /^(?<date>\d{4}-\d{2}-\d{2})(?:[T ](?<time>\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)(?<offset>Z|[-+ ]\d{2}(?::?\d{2})?)?)?$/i;

/**
 * Reads a date or a date-time in ISO 8601; null when it is neither.
 *
 * A date-time without offset is read in `timezone`, a date is the first moment of that day there. An unknown zone is UTC.
 */
export function parseInstant(text: string, timezone: string): Date | null {
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

/** Says whether a text is the name of a time zone (IANA), such as `Europe/Paris`. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][-+/A-Za-z0-9_]*$/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Tells the first moment of the day, in a zone, that an instant falls on. */
export function startOfDay(at: Date, timezone: string): Date {
  return toDate(zoned(at, timezone).startOfDay().toInstant());
}

/** Writes the day that an instant falls on in a zone, as `YYYY-MM-DD`. */
export function dayOf(at: Date, timezone: string): string {
  return zoned(at, timezone).toPlainDate().toString();
}

function zoned(at: Date, timezone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(
    isTimeZone(timezone) ? timezone : 'UTC',
  );
}

function toDate(instant: Temporal.Instant): Date {
  return new Date(instant.epochMilliseconds);
}
