import type { ListQuery } from '#kernel/page';
import type { Seen } from '#profiles';

const DAY_MS = 86_400_000;

/** Returns the period of a list of sign-ins; by default the last `days` until `at` (inclusive). */
export function parseSeenPeriod(list: ListQuery, at: Date, days: number): Seen {
  return {
    from: list.start_at ?? new Date(at.getTime() - days * DAY_MS),
    to: list.ends_at ?? new Date(at.getTime() + 1),
  };
}
