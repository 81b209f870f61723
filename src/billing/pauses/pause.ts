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

/** Time of a subscription that stands still. */
export interface StoppedTime {
  /** How long it runs on after it resumes. */
  rest_ms: number;
  /** An end that was set since, before the end of that time: the subscription ends at it at the latest. */
  ends_by: Date | null;
}

/**
 * Returns the time of a subscription that stands still: the rest when it stopped, or longer when its end was moved
 * since. `listed_end` is the end of that rest in lists. An end before it is kept, as that of a subscription that runs:
 * the time beyond it is not served. Pure.
 */
export function stoppedTime({ ends_at }: { ends_at: Date }, rest_ms: number, listed_end: Date): StoppedTime {
  const added_ms = ends_at.getTime() - listed_end.getTime();
  return added_ms < 0 ? { rest_ms, ends_by: ends_at } : { rest_ms: rest_ms + added_ms, ends_by: null };
}

/** Returns the end of a subscription that resumes at `at`; before `at` if it ended while it stood still. Pure. */
export function endFrom({ rest_ms, ends_by }: StoppedTime, at: Date): Date {
  const ends_at = new Date(at.getTime() + rest_ms);
  return ends_by !== null && ends_by < ends_at ? ends_by : ends_at;
}
