import type { Static } from 'typebox';
import type { ParkedProfile } from '#billing';
import type { ParkedMessage } from '#payments';
import type { Reader } from '#platform/db/database';
import type { FailedWork, Schedule } from '#platform/jobs/work-store';
import { findLastRetries } from './retry-store.ts';
import type { FailedWorkSchema, ParkedMessageSchema, ParkedProfileSchema, ScheduleSchema } from './schemas.ts';

export function presentSchedule(row: Schedule): Static<typeof ScheduleSchema> {
  const { name, schedule, ran_at, took_ms, outcome, last_error, next_run_at, attempts_count } = row;
  return {
    name,
    schedule,
    last_run_at: ran_at?.toISOString() ?? null,
    took_ms,
    outcome,
    error: last_error,
    next_run_at: next_run_at.toISOString(),
    failures_count: attempts_count,
  };
}

export function presentParked(
  row: ParkedProfile & { slug: string; full_name: string },
): Static<typeof ParkedProfileSchema> {
  const { slug, full_name, job, reason, attempts_count, parked_at } = row;
  return { profile: { slug, full_name }, job, reason, attempts_count, parked_at: parked_at.toISOString() };
}

export function presentMessage(row: ParkedMessage): Static<typeof ParkedMessageSchema> {
  const { event_key, processor, account, kind, object_key, reason, received_at, parked_at, retried_at } = row;
  return {
    event_key,
    processor,
    account,
    kind,
    object: object_key,
    reason,
    received_at: received_at.toISOString(),
    parked_at: parked_at.toISOString(),
    last_retry: retried_at ? { by: row.retried_by, at: retried_at.toISOString() } : null,
  };
}

/** Presents failed work with the manager who retried it last, in one statement for all rows. */
export async function presentFailedWork(
  reader: Reader,
  work: readonly FailedWork[],
): Promise<Static<typeof FailedWorkSchema>[]> {
  const retries = await findLastRetries(
    reader,
    work.map(({ id }) => id),
  );
  return work.map((row) => {
    const retry = retries.get(row.id);
    return {
      id: row.id,
      kind: row.kind,
      name: row.name,
      state: row.state,
      attempts_count: row.attempts_count,
      error: row.last_error,
      created_at: row.created_at.toISOString(),
      parked_at: row.parked_at?.toISOString() ?? null,
      next_attempt_at: row.next_attempt_at?.toISOString() ?? null,
      last_retry: retry ? { by: retry.retried_by, at: retry.retried_at.toISOString() } : null,
    };
  });
}
