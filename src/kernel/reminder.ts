const DAY_MS = 86_400_000;

/** Days after which a reminder that was not sent in time is left out: after downtime, or when reminders are new. */
const LATE_DAYS = 7;

/** Beginnings of what may need a reminder. */
export interface ReminderSpan {
  /** Exclusive. */
  since: Date;
  /** Inclusive. */
  until: Date;
}

/** Returns when that began for which a reminder is due at `at`; null if there are no reminders. Pure. */
export function reminderSpan(days: readonly number[], at: Date): ReminderSpan | null {
  const [first] = days;
  const last = days.at(-1);
  if (first === undefined || last === undefined) return null;
  return { since: daysBefore(at, last + LATE_DAYS), until: daysBefore(at, first) };
}

/**
 * Returns how many reminders what began at `created_at` has had in all when those that are due at `at` are sent; 0 if
 * none is due. `days` are in increasing order. Reminders that were missed together are sent as one. Pure.
 */
export function countReminders(created_at: Date, days: readonly number[], at: Date): number {
  const passed = days.filter((day) => created_at <= daysBefore(at, day));
  const last = passed.at(-1);
  return last === undefined || created_at <= daysBefore(at, last + LATE_DAYS) ? 0 : passed.length;
}

function daysBefore(at: Date, days: number): Date {
  return new Date(at.getTime() - days * DAY_MS);
}
