/**
 * Arithmetic of periods for the model, in UTC. Written from the specification; imports nothing from `src`.
 * @see docs/spec/billing.md 3.1
 */

export type PeriodType = 'daily' | 'weekly' | 'monthly' | 'yearly';

const DAY_MS = 86_400_000;

/** Adds periods; months and years end at the last day of a shorter month. Units: ms since 1970. */
export function addPeriods(start: number, count: number, type: PeriodType): number {
  if (type === 'daily') return start + count * DAY_MS;
  if (type === 'weekly') return start + count * 7 * DAY_MS;
  const from = new Date(start);
  const months = from.getUTCMonth() + count * (type === 'yearly' ? 12 : 1);
  const lastDay = new Date(Date.UTC(from.getUTCFullYear(), months + 1, 0)).getUTCDate();
  const day = Math.min(from.getUTCDate(), lastDay);
  return Date.UTC(from.getUTCFullYear(), months, day) + (start % DAY_MS);
}

/**
 * Extends a subscription: from an end that is a whole number of periods after its beginning, the new end keeps the day
 * of the beginning; any other end is extended from itself.
 */
export function extendEnd(began: number, end: number, count: number, type: PeriodType): number {
  for (let elapsed = 0; ; elapsed += 1) {
    const candidate = addPeriods(began, elapsed, type);
    if (candidate === end) return addPeriods(began, elapsed + count, type);
    if (candidate > end) return addPeriods(end, count, type);
  }
}
