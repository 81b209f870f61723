import { dateFormatter } from '#kernel/formatters';
import { Temporal } from 'temporal-polyfill';
import { isTimeZone, parseInstant } from '#kernel/instant';

/** Days of a time zone, `YYYY-MM-DD`, both inclusive; null is unbounded. */
export interface DayRange {
  readonly start: string | null;
  readonly end: string | null;
}

/** A range of days with its words, relative to today. */
export interface DayPreset {
  readonly label: string;
  readonly range: DayRange;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/**
 * Parses `start_at` and `ends_at` of the address of a page. A date without a time is a day of `timezone`, which
 * `ends_at` includes; an instant is exclusive there, as in the API. Null for any other text.
 */
export function parseBound(name: 'start_at' | 'ends_at', text: string, timezone: string): Date | null {
  const at = parseInstant(text, timezone);
  if (at === null || name === 'start_at' || !DAY.test(text)) return at;
  return parseInstant(nextDay(text), timezone);
}

/** Returns the days that two instants (the end is exclusive) contain, wholly or in part. */
export function dayRange(start_at: Date | null, ends_at: Date | null, timezone: string): DayRange {
  return {
    start: start_at && dayOf(start_at, timezone),
    end: ends_at && dayOf(new Date(ends_at.getTime() - 1), timezone),
  };
}

/** Returns the ranges that a reader chooses most, for the day of `now` in a time zone. */
export function dayPresets(now: Date, timezone: string): DayPreset[] {
  const today = Temporal.PlainDate.from(dayOf(now, timezone));
  const month = today.with({ day: 1 });
  const last_month = month.subtract({ months: 1 });
  const range = (start: Temporal.PlainDate, end: Temporal.PlainDate = today) => ({
    start: start.toString(),
    end: end.toString(),
  });
  return [
    { label: 'Today', range: range(today) },
    { label: 'Last 7 days', range: range(today.subtract({ days: 6 })) },
    { label: 'Last 30 days', range: range(today.subtract({ days: 29 })) },
    { label: 'This month', range: range(month) },
    { label: 'Last month', range: range(last_month, month.subtract({ days: 1 })) },
    { label: 'This year', range: range(today.with({ month: 1, day: 1 })) },
  ];
}

/** Formats days for a reader: `Sep 1 to Nov 25, 2026`, `from Sep 1, 2026`, `until Nov 25, 2026`. */
export function formatDays({ start, end }: DayRange, lang: string): string {
  const format = dateFormatter(lang, { dateStyle: 'medium', timeZone: 'UTC' });
  const date = (day: string) => new Date(`${day}T00:00:00Z`);
  if (start !== null && end !== null) {
    if (start > end) return `${format.format(date(start))} to ${format.format(date(end))}`;
    const range = format.formatRange(date(start), date(end));
    return lang.startsWith('en') ? range.replace(/\s*–\s*/u, ' to ') : range;
  }
  if (start !== null) return `from ${format.format(date(start))}`;
  return end === null ? '' : `until ${format.format(date(end))}`;
}

/** Returns the name of a time zone for a reader: `Pacific Time`. */
export function zoneName(timezone: string, lang: string): string {
  const timeZone = isTimeZone(timezone) ? timezone : 'UTC';
  const parts = dateFormatter(lang, { timeZone, timeZoneName: 'longGeneric' }).formatToParts(0);
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? timeZone;
}

/** Returns the day that contains an instant in a time zone. */
export function dayOf(at: Date, timezone: string): string {
  const zone = isTimeZone(timezone) ? timezone : 'UTC';
  return Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(zone).toPlainDate().toString();
}

function nextDay(day: string): string {
  return Temporal.PlainDate.from(day).add({ days: 1 }).toString();
}
