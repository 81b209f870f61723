import { sql } from 'kysely';
import type { Context } from '../context.ts';
import type { Tx } from '../db/database.ts';
import { insertOutboxRow } from './outbox-store.ts';

/** Work that is done later or again and again. It may run twice and must be harmless then. */
export interface Job<Payload extends object = object> {
  /** Permanent: it is in the queue. */
  readonly name: string;
  /** Cron with five fields, in UTC. */
  readonly schedule?: string;
  /** When several occurrences were missed: run each at its instant, or only the last. */
  readonly catch_up: 'each' | 'last';
  /** How often a run that failed is tried again before it is kept as dead. */
  readonly retries_max?: number;
  /** After this a run counts as failed. */
  readonly timeout_s?: number;
  /** `at` is the instant of the occurrence by the site's clock. */
  run(ctx: Context, payload: Payload, at: Date): Promise<void>;
}

/** A job of any payload, as the runner holds them. */
export interface AnyJob extends Omit<Job, 'run'> {
  run(ctx: Context, payload: never, at: Date): Promise<void>;
}

/** Defines a job; rooms list theirs in jobs.ts and app.ts gives all of them to the runner. */
export function defineJob<Payload extends object = Record<string, never>>(job: Job<Payload>): Job<Payload> {
  return job;
}

/** Names of outbox rows that stand for a job to run. */
export const JOB_PREFIX = 'job:';

/**
 * Enqueues a job in the caller's transaction: it runs if, and only if, the transaction commits.
 *
 * The row waits in the outbox until `start_at` by the site's clock, which the queue's own clock knows nothing of, and moves to
 * the queue then; without it, as soon as it is committed.
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
