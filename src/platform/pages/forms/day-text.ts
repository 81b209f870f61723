import { dateFormatter } from '#kernel/formatters';
import { Temporal } from 'temporal-polyfill';
import { isTimeZone } from '#kernel/instant';

/** Returns the day of the text of `<input type="date">`, `YYYY-MM-DD`, or null if there is no such day. */
export function readDay(text: string): string | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return null;
  try {
    return Temporal.PlainDate.from(text, { overflow: 'reject' }).toString();
  } catch (error) {
    if (error instanceof RangeError) return null; // no such day
    throw error;
  }
}

/** Returns the day after a day. */
export function nextDay(day: string): string {
  return Temporal.PlainDate.from(day).add({ days: 1 }).toString();
}

/**
 * Returns the day of an instant in a zone as `YYYY-MM-DD`. With `exclusive`, the last day before the instant: that of
 * the millisecond before it.
 */
export function lastDayBefore(at: Date, timezone: string, exclusive: boolean): string {
  const instant = Temporal.Instant.fromEpochMilliseconds(at.getTime() - (exclusive ? 1 : 0));
  return instant.toZonedDateTimeISO(zoneOf(timezone)).toPlainDate().toString();
}

/** Writes the day of an instant for messages: `Nov 25, 2026`. */
export function printDay(at: Date, timezone: string, locale: string): string {
  return dateFormatter(locale, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    timeZone: zoneOf(timezone),
  }).format(at);
}

function zoneOf(timezone: string): string {
  return isTimeZone(timezone) ? timezone : 'UTC';
}
