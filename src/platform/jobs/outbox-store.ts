import { sql, type Expression } from 'kysely';
import type { JsonObject, JsonValue, OutboxEventId } from '../db/db-schema.ts';
import type { Db, Reader, Tx } from '../db/database.ts';
import { openLinkKey, sealLinkKey } from '../security/link-keys.ts';

/** Prefix of the names of rows that are jobs; every other row is an event. */
export const JOB_PREFIX = 'job:';

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

/** Returns the name of the job of a row. */
export function jobNameOf(row: Pick<ClaimedRow, 'name'>): string {
  return row.name.slice(JOB_PREFIX.length);
}

/** Members of payloads that are secrets: they are sealed while the row waits. */
const secret_members: ReadonlySet<string> = new Set([
  'key',
  'code',
  'grant_key',
  'request_key',
  'claim_code',
  'stop_key',
]);

function mapSecrets<Payload extends object>(payload: Payload, change: (text: string) => string): Payload {
  const changed = Object.entries(payload).flatMap(([name, value]) =>
    secret_members.has(name) && typeof value === 'string' ? [[name, change(value)] as const] : [],
  );
  return { ...payload, ...Object.fromEntries(changed) };
}

/** Seals secrets of undelivered rows that an earlier version stored in clear; returns how many rows were changed. */
export async function sealClearSecrets(tx: Tx, row_max: number): Promise<number> {
  const rows = await tx
    .selectFrom('outbox_events')
    .select(['id', 'payload'])
    .where('delivered_at', 'is', null)
    .where(sql<boolean>`exists (
      select from unnest(${[...secret_members]}::text[]) as member
      where jsonb_typeof(payload -> member) = 'string' and payload ->> member not like 'v1.%'
    )`)
    .orderBy('id')
    .limit(row_max)
    .forUpdate()
    .execute();
  for (const { id, payload } of rows) {
    const sealed = isObject(payload) ? mapSecrets(openSecrets(payload), sealLinkKey) : {};
    await tx
      .updateTable('outbox_events')
      .set({ payload: JSON.stringify(sealed) })
      .where('id', '=', id)
      .execute();
  }
  return rows.length;
}

/** Opens the sealed members of a payload. */
export function openSecrets<Payload extends object>(payload: Payload): Payload {
  return mapSecrets(payload, openLinkKey);
}

export async function insertOutboxRow(
  tx: Tx,
  row: { name: string; payload: object; created_at: Date | Expression<Date>; due_at: Date },
): Promise<void> {
  await tx
    .insertInto('outbox_events')
    .values({
      name: row.name,
      payload: JSON.stringify(mapSecrets(row.payload, sealLinkKey)),
      created_at: row.created_at,
      next_attempt_at: row.due_at,
    })
    .execute();
}

export type Kind = 'event' | 'job';

export interface Claim {
  kind: Kind;
  at: Date;
  leased_until: Date;
  count_max: number;
  with_schedules: boolean;
}

/**
 * Leases due rows to this process until `leased_until`; then another process retries the rows without a recorded
 * outcome. Skips rows that another process is claiming. Index: outbox_events_due.
 */
export async function claimDueRows(db: Db, claim: Claim): Promise<ClaimedRow[]> {
  const is_job = sql<boolean>`starts_with(name, ${JOB_PREFIX})`;
  const rows = await db
    .updateTable('outbox_events')
    .set({ next_attempt_at: claim.leased_until })
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('outbox_events')
        .select('id')
        .where('delivered_at', 'is', null)
        .where('parked_at', 'is', null)
        .where('next_attempt_at', '<=', claim.at)
        .where(claim.kind === 'job' ? is_job : eb.not(is_job))
        .$if(!claim.with_schedules, (query) => query.where('schedule', 'is', null))
        .orderBy('next_attempt_at')
        .orderBy('id')
        .limit(claim.count_max)
        .forUpdate()
        .skipLocked(),
    )
    .returning(['id', 'name', 'payload', 'created_at', 'attempts_count', 'schedule', 'occurs_at'])
    .execute();
  return rows
    .map((row) => ({
      ...row,
      payload: isObject(row.payload) ? openSecrets(row.payload) : {},
      leased_until: claim.leased_until,
    }))
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
    .where('id', 'in', [...ids])
    .execute();
}

/** Marks rows delivered and removes the secrets of their messages. */
export async function markDelivered(db: Db, ids: readonly OutboxEventId[], at: Date): Promise<void> {
  await db
    .updateTable('outbox_events')
    .set({ delivered_at: at, last_error: null, payload: sql`payload - ${[...secret_members]}::text[]` })
    .where('id', 'in', [...ids])
    .execute();
}

/** Counts a failure and postpones the row to `next_attempt_at`, or parks it when there is no next attempt. */
export async function markFailed(
  db: Db,
  id: OutboxEventId,
  failure: { at: Date; error: string; next_attempt_at: Date | null },
): Promise<void> {
  await db
    .updateTable('outbox_events')
    .set((eb) => ({
      attempts_count: eb('attempts_count', '+', 1),
      last_error: failure.error.slice(0, 2000),
      ...(failure.next_attempt_at ? { next_attempt_at: failure.next_attempt_at } : { parked_at: failure.at }),
    }))
    .where('id', '=', id)
    .execute();
}

/** Returns the instant at which the next undelivered row falls due. Index: outbox_events_due. */
export async function findNextDue(reader: Reader): Promise<Date | null> {
  const row = await reader
    .selectFrom('outbox_events')
    .select('next_attempt_at')
    .where('delivered_at', 'is', null)
    .where('parked_at', 'is', null)
    .orderBy('next_attempt_at')
    .limit(1)
    .executeTakeFirst();
  return row?.next_attempt_at ?? null;
}

/** Marks all events that wait as delivered: the history of the sample data sends no mail. */
export async function skipWaitingEvents(tx: Tx, at: Date): Promise<void> {
  await tx
    .updateTable('outbox_events')
    .set({ delivered_at: at })
    .where('delivered_at', 'is', null)
    .where('schedule', 'is', null)
    .execute();
}

/** Deletes rows that were delivered before `before`; parked rows are kept for the operator. */
export async function deleteDeliveredRows(tx: Tx, before: Date, rows_max: number): Promise<number> {
  const deleted = await tx
    .deleteFrom('outbox_events')
    .where('id', 'in', (eb) =>
      eb.selectFrom('outbox_events').select('id').where('delivered_at', '<', before).limit(rows_max),
    )
    .executeTakeFirst();
  return Number(deleted.numDeletedRows);
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
