import { sql } from 'kysely';
import type { JsonObject, OutboxEventId } from '../db/db-schema.ts';
import type { Db } from '../db/database.ts';
import { isObject, kindCondition, type Kind, openSecrets, payloadWithoutSecrets } from './outbox-store.ts';

/** A row that is leased to this process. `attempts_count` counts failures; an attempt cut by a crash is none. */
export interface ClaimedRow {
  id: OutboxEventId;
  name: string;
  payload: JsonObject;
  created_at: Date;
  attempts_count: number;
  leased_until: Date;
  schedule: string | null;
  occurs_at: Date | null;
}

/** Part of a claim: the rows of one kind. */
export interface ClaimOfKind {
  /** Claims none of the kind when 0. */
  count_max: number;
  leased_until: Date;
}

export interface Claim extends Record<Kind, ClaimOfKind> {
  at: Date;
  with_schedules: boolean;
}

/**
 * Leases due rows of both kinds to this process, in one statement. At the end of its lease, another process retries a
 * row without a recorded outcome. Skips rows that another process is claiming. Returns them in the order of their ids.
 *
 * Indexes: outbox_events_due_events and outbox_events_due_jobs.
 */
export async function claimDueRows(db: Db, claim: Claim): Promise<ClaimedRow[]> {
  const due = (kind: Kind) =>
    db
      .selectFrom('outbox_events')
      .select(['id', sql<Date>`${claim[kind].leased_until}::timestamptz`.as('leased_until')])
      .where('delivered_at', 'is', null)
      .where('parked_at', 'is', null)
      .where('next_attempt_at', '<=', claim.at)
      .where(kindCondition(kind))
      .$if(!claim.with_schedules, (query) => query.where('schedule', 'is', null))
      .orderBy('next_attempt_at')
      .orderBy('id')
      .limit(claim[kind].count_max)
      .forUpdate()
      .skipLocked();
  const rows = await db
    .with('due_events', () => due('event'))
    .with('due_jobs', () => due('job'))
    .updateTable('outbox_events')
    .from((eb) => eb.selectFrom('due_events').selectAll().unionAll(eb.selectFrom('due_jobs').selectAll()).as('due'))
    .set((eb) => ({ next_attempt_at: eb.ref('due.leased_until') }))
    .whereRef('outbox_events.id', '=', 'due.id')
    .returning(['outbox_events.id', 'name', 'payload', 'created_at', 'attempts_count', 'schedule', 'occurs_at'])
    .returning('next_attempt_at as leased_until')
    .execute();
  return rows
    .map((row) => ({ ...row, payload: isObject(row.payload) ? openSecrets(row.payload) : {} }))
    .sort((a, b) => a.id - b.id);
}

/** Extends the lease of a row; false if the lease is no longer `from`, because the row was closed or claimed again. */
export async function renewLease(db: Db, id: OutboxEventId, { from, to }: { from: Date; to: Date }): Promise<boolean> {
  const row = await db
    .updateTable('outbox_events')
    .set({ next_attempt_at: to })
    .where('id', '=', id)
    .where('next_attempt_at', '=', from)
    .where('delivered_at', 'is', null)
    .where('parked_at', 'is', null)
    .returning('id')
    .executeTakeFirst();
  return row !== undefined;
}

/** Makes rows due again that were claimed and not attempted. */
export async function releaseRows(db: Db, ids: readonly OutboxEventId[], at: Date): Promise<void> {
  await db
    .updateTable('outbox_events')
    .set({ next_attempt_at: at })
    .where('id', '=', sql<OutboxEventId>`any(${[...ids]})`)
    .execute();
}

/** Result of an attempt: what becomes of the row. */
export interface Outcome {
  id: OutboxEventId;
  /** Null for a row that is attempted again, or parked. */
  delivered_at: Date | null;
  parked_at: Date | null;
  /** Next attempt, or next occurrence; null when the row is closed. */
  next_attempt_at: Date | null;
  /** Occurrence that a scheduled job moves to. */
  occurs_at: Date | null;
  failures_count: number;
  error: string | null;
  /** Start of the run of a job and its real time; null for events. */
  ran_at: Date | null;
  took_ms: number | null;
}

/**
 * Saves the outcomes of a batch in one statement. Removes the secrets of delivered messages. Index: outbox_events_pkey;
 * the array makes the planner expect few rows, in place of a join with the whole table.
 */
export async function saveOutcomes(db: Db, outcomes: readonly Outcome[]): Promise<void> {
  // Sorted, so that statements on the same rows lock them in the same order.
  const rows = JSON.stringify(outcomes.toSorted((a, b) => a.id - b.id));
  await sql`
    with outcomes as materialized (
      select * from jsonb_to_recordset(${rows}::jsonb) as outcome (
        id bigint, delivered_at timestamptz, parked_at timestamptz, next_attempt_at timestamptz, occurs_at timestamptz,
        failures_count int, error text, ran_at timestamptz, took_ms int))
    update outbox_events set
      delivered_at = outcomes.delivered_at,
      parked_at = outcomes.parked_at,
      next_attempt_at = coalesce(outcomes.next_attempt_at, outbox_events.next_attempt_at),
      occurs_at = coalesce(outcomes.occurs_at, outbox_events.occurs_at),
      attempts_count = outcomes.failures_count,
      last_error = outcomes.error,
      ran_at = coalesce(outcomes.ran_at, outbox_events.ran_at),
      took_ms = coalesce(outcomes.took_ms, outbox_events.took_ms),
      payload = case when outcomes.delivered_at is null then payload else ${payloadWithoutSecrets} end
    from outcomes
    where outbox_events.id = any(array(select id from outcomes)) and outbox_events.id = outcomes.id`.execute(db);
}
