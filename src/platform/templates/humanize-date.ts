import { formattersOf } from './formatters.ts';
import type { Reader } from './reader.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

type DateReader = Pick<Reader, 'locale' | 'timezone'>;

const dateOptions = { year: 'numeric', month: 'short', day: 'numeric' } as const;
const timeOptions = { hour: 'numeric', minute: '2-digit' } as const;

const dates = dateFormats(dateOptions);
const datetimes = dateFormats({ ...dateOptions, ...timeOptions });
const instants = dateFormats({ ...dateOptions, ...timeOptions, second: '2-digit', timeZoneName: 'short' });
const times = dateFormats(timeOptions);
const days = formattersOf(
  (_locale, timeZone) =>
    new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }),
  { locale: 'en-CA', variant: 'UTC' },
);
const zones = formattersOf(
  (locale, timeZone) => new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: 'longGeneric' }),
  { locale: 'en-US', variant: 'UTC' },
);
const relatives = formattersOf((locale) => new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }), {
  locale: 'en-US',
  variant: '',
});

function dateFormats(options: Intl.DateTimeFormatOptions) {
  return formattersOf((locale, timeZone) => new Intl.DateTimeFormat(locale, { ...options, timeZone }), {
    locale: 'en-US',
    variant: 'UTC',
  });
}

/** A point in time, or a day without time. */
export interface Moment {
  at: Date;
  /** True for `YYYY-MM-DD`: the day is the same in every zone. */
  is_day: boolean;
}

/** Reads a date, an ISO text or `YYYY-MM-DD`; null for anything else. */
export function readMoment(value: unknown): Moment | null {
  if (typeof value !== 'string' && !(value instanceof Date)) return null;
  const at = new Date(value);
  if (Number.isNaN(at.getTime())) return null;
  return { at, is_day: typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) };
}

const zoneOf = ({ is_day }: Moment, reader: DateReader) => (is_day ? 'UTC' : reader.timezone);

/** `Nov 25, 2026`. */
export function humanizeDate(moment: Moment, reader: DateReader): string {
  return plain(dates(reader.locale, zoneOf(moment, reader)).format(moment.at));
}

/** `Nov 25, 2026, 3:40 PM`; the date alone for a day. */
export function humanizeDatetime(moment: Moment, reader: DateReader): string {
  if (moment.is_day) return humanizeDate(moment, reader);
  return plain(datetimes(reader.locale, reader.timezone).format(moment.at));
}

/** `Nov 25, 2026, 3:40:05 PM PST`: the title of a date. */
export function humanizeInstant(moment: Moment, reader: DateReader): string {
  if (moment.is_day) return humanizeDate(moment, reader);
  return plain(instants(reader.locale, reader.timezone).format(moment.at));
}

/**
 * `2 hours ago` or `in 2 hours` within 24 hours; `yesterday at 4:12 PM`, `tomorrow at 4:12 PM`; otherwise the date.
 * Days of the calendar are those of the reader.
 */
export function humanizeRelative(moment: Moment, now: Date, reader: DateReader): string {
  const distance = dayDistance(moment, now, reader);
  if (moment.is_day) return nearbyDay(distance, reader) ?? humanizeDate(moment, reader);
  const away_ms = moment.at.getTime() - now.getTime();
  if (Math.abs(away_ms) < DAY_MS) return nearby(away_ms, reader);
  const word = nearbyDay(distance, reader);
  return word === null ? humanizeDate(moment, reader) : `${word} at ${humanizeTime(moment, reader)}`;
}

/** `today`, `yesterday`, `tomorrow`, otherwise the date. */
export function humanizeDay(moment: Moment, now: Date, reader: DateReader): string {
  return nearbyDay(dayDistance(moment, now, reader), reader) ?? humanizeDate(moment, reader);
}

/** `Pacific Time`. */
export function humanizeZone({ locale, timezone }: DateReader): string {
  const parts = zones(locale, timezone).formatToParts(0);
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? timezone;
}

function humanizeTime(moment: Moment, reader: DateReader): string {
  return plain(times(reader.locale, reader.timezone).format(moment.at));
}

function nearby(away_ms: number, { locale }: DateReader): string {
  const formatter = relatives(locale, '');
  const size_ms = Math.abs(away_ms);
  if (size_ms < MINUTE_MS) return formatter.format(0, 'second');
  if (size_ms < HOUR_MS) return formatter.format(Math.trunc(away_ms / MINUTE_MS), 'minute');
  return formatter.format(Math.trunc(away_ms / HOUR_MS), 'hour');
}

function nearbyDay(distance: number, { locale }: DateReader): string | null {
  return Math.abs(distance) > 1 ? null : relatives(locale, '').format(distance, 'day');
}

/** Returns the number of days of the calendar from today to the moment. */
function dayDistance(moment: Moment, now: Date, reader: DateReader): number {
  const dayOf = (at: Date, zone: string) => Date.parse(days('en-CA', zone).format(at));
  return Math.round((dayOf(moment.at, zoneOf(moment, reader)) - dayOf(now, reader.timezone)) / DAY_MS);
}

/** Replaces the narrow spaces that CLDR puts before "PM": readers and tests search for a space. */
function plain(text: string): string {
  return text.replace(/[\u202f\u00a0]/g, ' ');
}
