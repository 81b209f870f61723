import { sql } from 'kysely';
import type { Context } from '../context.ts';
import type { Tx } from '../db/database.ts';
import { insertOutboxRow, JOB_PREFIX } from './outbox-store.ts';

/** Work that runs later or on a schedule. It may run twice and must be harmless then. */
export interface Job<Payload extends object = object> {
  /** Permanent: stored in the outbox. */
  readonly name: string;
  /** Cron expression with five fields, in UTC; with six, the first has the seconds. */
  readonly schedule?: string;
  /** Missed occurrences: run each at its instant, or only the last. */
  readonly catch_up: 'each' | 'last';
  /**
   * Occurrences of a job that catches up only the last, while the clock of a site in development is moved: the last of
   * each day (UTC), or only the last of all when omitted.
   */
  readonly moved?: 'daily';
  /** A run that takes longer fails; 300 when omitted. */
  readonly timeout_s?: number;
  /** `at` is the occurrence of a job that catches up each; otherwise the current instant. Both by the site's clock. */
  run(ctx: Context, payload: Payload, at: Date): Promise<void>;
}

/** A job of any payload, as rooms list them. */
export interface AnyJob extends Omit<Job, 'run'> {
  run(ctx: Context, payload: never, at: Date): Promise<void>;
}

/** A job with a schedule. */
export type ScheduledJob = AnyJob & { readonly schedule: string };

export function isScheduled(job: AnyJob): job is ScheduledJob {
  return job.schedule !== undefined;
}

/** Defines a job; rooms list theirs in jobs.ts and app.ts gives all of them to the worker. */
export function defineJob<Payload extends object = Record<string, never>>(job: Job<Payload>): Job<Payload> {
  return job;
}

/**
 * Enqueues a job in the caller's transaction: it runs if, and only if, the transaction commits.
 *
 * It is due at `start_at` by the site's clock, or immediately when omitted.
 */
export async function enqueue<Payload extends object>(
  tx: Tx,
  job: Job<Payload>,
  payload: Payload,
  options: { start_at?: Date } = {},
): Promise<void> {
  await insertOutboxRow(tx, {
    name: `${JOB_PREFIX}${job.name}`,
    payload,
    created_at: sql<Date>`now()`,
    due_at: options.start_at ?? new Date(0),
  });
}
