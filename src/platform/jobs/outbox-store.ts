import { sql, type Expression } from 'kysely';
import type { JsonObject, JsonValue, OutboxEventId } from '../db/db-schema.ts';
import type { Db, Reader, Tx } from '../db/database.ts';
import { openLinkKey, sealLinkKey } from '../security/link-keys.ts';

/** A row that this process has leased. `attempts_count` is the number of deliveries that failed; a delivery cut by a crash is none. */
export interface ClaimedRow {
  id: OutboxEventId;
  name: string;
  payload: JsonObject;
  created_at: Date;
  attempts_count: number;
}

/** Members of payloads that open something: they are sealed while the event waits. */
const secret_members: ReadonlySet<string> = new Set(['key', 'code', 'grant_key', 'request_key', 'claim_code']);

function mapSecrets<Payload extends object>(payload: Payload, change: (text: string) => string): Payload {
  const changed = Object.entries(payload).flatMap(([name, value]) =>
    secret_members.has(name) && typeof value === 'string' ? [[name, change(value)] as const] : [],
  );
  return { ...payload, ...Object.fromEntries(changed) };
}

/** Seals secrets of undelivered events that an earlier version stored in clear; returns how many rows were changed. */
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

/**
 * Leases up to `count` due rows to this process until `leased_until`; another node then retries the rows that this process
 * neither delivered nor failed.
 */
export async function claimDueRows(
  db: Db,
  claim: { at: Date; leased_until: Date; count: number },
): Promise<ClaimedRow[]> {
  const rows = await db
    .updateTable('outbox_events')
    .set({ next_attempt_at: claim.leased_until })
    .where('id', 'in', (eb) =>
      // By index outbox_events_due; rows that another node is taking are passed over.
      eb
        .selectFrom('outbox_events')
        .select('id')
        .where('delivered_at', 'is', null)
        .where('parked_at', 'is', null)
        .where('next_attempt_at', '<=', claim.at)
        .orderBy('next_attempt_at')
        .orderBy('id')
        .limit(claim.count)
        .forUpdate()
        .skipLocked(),
    )
    .returning(['id', 'name', 'payload', 'created_at', 'attempts_count'])
    .execute();
  return rows
    .map((row) => ({ ...row, payload: isObject(row.payload) ? openSecrets(row.payload) : {} }))
    .sort((a, b) => a.id - b.id);
}

/** Marks a row delivered and removes the secrets of a message that was sent. */
export async function markDelivered(db: Db, id: OutboxEventId, at: Date): Promise<void> {
  await db
    .updateTable('outbox_events')
    .set({ delivered_at: at, last_error: null, payload: sql`payload - ${[...secret_members]}::text[]` })
    .where('id', '=', id)
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

/** The instant at which the next undelivered row falls due. */
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

/** Counts everything that waits as delivered: the past of a demo is not told to anybody. */
export async function skipWaitingEvents(tx: Tx, at: Date): Promise<void> {
  await tx.updateTable('outbox_events').set({ delivered_at: at }).where('delivered_at', 'is', null).execute();
}

/** Deletes what was delivered before `before`; what was parked stays until somebody has looked at it. */
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
