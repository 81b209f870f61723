import type { ClaimedRow, Outcome } from './lease-store.ts';
import { retryAt } from './retry.ts';
import { nextOccurrence } from './schedule.ts';

const ERROR_LENGTH_MAX = 2000;

/** A row of a scheduled job. */
export type Occurrence = ClaimedRow & { schedule: string; occurs_at: Date };

export function isOccurrence(row: ClaimedRow): row is Occurrence {
  return row.schedule !== null && row.occurs_at !== null;
}

/** Returns the outcome of an event or an enqueued job: delivered, postponed, or parked after the last attempt. Pure. */
export function outcomeOf(row: ClaimedRow, error: Error | null, at: Date): Outcome {
  if (error === null) return { ...unchanged(row), delivered_at: at };
  return postponed(row, error, at, retryAt(row.attempts_count + 1, at));
}

/**
 * Returns the outcome of a scheduled job: it moves to its next occurrence. A run that failed and `is_retried` is
 * postponed instead, unless the next occurrence comes first; a job that catches up each occurrence is retried to the
 * last attempt. Pure.
 */
export function outcomeOfOccurrence(
  row: Occurrence,
  {
    error,
    at,
    catch_up,
    is_retried,
  }: { error: Error | null; at: Date; catch_up: 'each' | 'last'; is_retried: boolean },
): Outcome {
  const next = nextOccurrence(row.schedule, catch_up === 'each' || at < row.occurs_at ? row.occurs_at : at);
  const retry_at = error !== null && is_retried ? retryAt(row.attempts_count + 1, at) : null;
  if (error !== null && retry_at !== null && (catch_up === 'each' || retry_at < next))
    return postponed(row, error, at, retry_at);
  const last_error = error === null ? null : messageOf(error);
  return { ...unchanged(row), next_attempt_at: next, occurs_at: next, failures_count: 0, error: last_error };
}

function unchanged(row: ClaimedRow): Outcome {
  return {
    id: row.id,
    delivered_at: null,
    parked_at: null,
    next_attempt_at: null,
    occurs_at: null,
    failures_count: row.attempts_count,
    error: null,
    ran_at: null,
    took_ms: null,
  };
}

function postponed(row: ClaimedRow, error: Error, at: Date, next_attempt_at: Date | null): Outcome {
  return {
    ...unchanged(row),
    next_attempt_at,
    parked_at: next_attempt_at === null ? at : null,
    failures_count: row.attempts_count + 1,
    error: messageOf(error),
  };
}

/** Returns a text that the database accepts: JSON of PostgreSQL has neither U+0000 nor half a surrogate pair. */
function messageOf(error: Error): string {
  const text = error instanceof AggregateError ? error.errors.map(String).join('\n') : String(error);
  return text.replaceAll('\0', '').slice(0, ERROR_LENGTH_MAX).toWellFormed();
}
