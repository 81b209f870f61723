import { HOUR_MS } from './model/plan-time.ts';

/** Zones with different days, hours and lengths of the change to daylight-saving time; one changes by 30 minutes. */
export const zones = [
  'America/New_York',
  'Europe/Paris',
  'Pacific/Auckland',
  'Australia/Lord_Howe',
  'America/Santiago',
] as const;

/**
 * Returns the text of an hour on the local day of an instant, and its instant: found by looking at the clock of the
 * zone every half hour.
 */
export function localText(zone: string, day: number, hour: number): { text: string; instant: number } {
  const clock = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' });
  const [date = ''] = clock.format(day).split(' ');
  const wanted = `${date} ${String(hour).padStart(2, '0')}:00`;
  const start = Math.floor(day / HOUR_MS) * HOUR_MS - 26 * HOUR_MS;
  for (let at = start; at <= start + 52 * HOUR_MS; at += HOUR_MS / 2)
    if (clock.format(at) === wanted) return { text: wanted.replace(' ', 'T'), instant: at };
  throw new Error(`${wanted} does not exist in ${zone}`);
}
