import type { Context } from '../context.ts';
import type { Db } from '../db/database.ts';
import { type ClaimedRow, jobNameOf, markFailed } from './outbox-store.ts';
import { retryAt } from './retry.ts';
import type { DueReport } from './run-due.ts';
import { nextOccurrence } from './schedule.ts';
import { moveToOccurrence } from './schedule-store.ts';

export type OutcomeSources = Pick<Context, 'clock' | 'log'> & { db: Db };

/** Postpones a row after a failure, or parks it after the last attempt. */
export async function recordFailure({ db, clock, log }: OutcomeSources, row: ClaimedRow, error: Error): Promise<void> {
  const at = clock.now();
  const next_attempt_at = retryAt(row.attempts_count + 1, at);
  if (next_attempt_at === null) log.error({ err: error, name: row.name, outbox_id: row.id }, 'row parked');
  await markFailed(db, row.id, { at, error: messageOf(error), next_attempt_at });
}

/** Moves a scheduled job to its next occurrence, or postpones a failed run unless the next occurrence comes first. */
export async function recordOccurrence(
  { db, clock, log }: OutcomeSources,
  row: ClaimedRow & { schedule: string; occurs_at: Date },
  { error, catch_up, report }: { error: Error | null; catch_up: 'each' | 'last'; report: DueReport | null },
): Promise<void> {
  const at = clock.now();
  const job = jobNameOf(row);
  const next = nextOccurrence(row.schedule, catch_up === 'each' || at < row.occurs_at ? row.occurs_at : at);
  if (report) {
    report.runs_count += 1;
    if (error !== null) report.failed.push({ job, at: row.occurs_at, error: String(error) });
  }
  if (error !== null && !report) {
    const retry_at = retryAt(row.attempts_count + 1, at);
    if (retry_at && (catch_up === 'each' || retry_at < next))
      return markFailed(db, row.id, { at, error: messageOf(error), next_attempt_at: retry_at });
    log.error({ err: error, job, occurs_at: row.occurs_at }, 'occurrence given up');
  }
  await moveToOccurrence(db, row.id, next, error === null ? null : messageOf(error));
}

export function isOccurrence(row: ClaimedRow): row is ClaimedRow & { schedule: string; occurs_at: Date } {
  return row.schedule !== null && row.occurs_at !== null;
}

function messageOf(error: Error): string {
  return error instanceof AggregateError ? error.errors.map(String).join('\n') : String(error);
}
