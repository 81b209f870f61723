const DAY_MS = 86_400_000;

/** When a pause begins, and the limits that apply. */
export interface PauseTerms {
  starts_at: Date;
  now: Date;
  /** Longest pause in days; null: no limit, for the provider. */
  days_max: number | null;
}

/** Returns the end of a pause that names none: after the longest time that is offered; null if there is no limit. */
export function defaultResumption({ starts_at, days_max }: PauseTerms): Date | null {
  return days_max === null || days_max === 0 ? null : new Date(starts_at.getTime() + days_max * DAY_MS);
}

/** Returns the reason why a pause may not end at an instant, or null. Pure. */
export function refuseResumption(resumes_at: Date | null, { starts_at, now, days_max }: PauseTerms): string | null {
  if (resumes_at === null) return 'Choose the day on which it resumes.';
  if (resumes_at <= now) return 'Choose a day in the future.';
  const length_ms = resumes_at.getTime() - starts_at.getTime();
  if (days_max === null) return length_ms > 0 ? null : 'Choose a day after the pause begins.';
  if (length_ms < DAY_MS) return 'A pause lasts at least one day.';
  return length_ms > days_max * DAY_MS ? `A pause lasts at most ${days_max} days.` : null;
}

/**
 * Returns how long a subscription that stands still runs on after it resumes: the rest of its time when it stopped, or
 * longer when further time was bought or given since. `listed_until` is the instant after which lists show that rest.
 * Pure.
 */
export function restOf(
  { ends_at }: { ends_at: Date },
  { rest_ms }: { rest_ms: number | null },
  listed_until: Date | null,
): number {
  const stopped = rest_ms ?? 0;
  return listed_until === null ? stopped : Math.max(stopped, ends_at.getTime() - listed_until.getTime());
}
