import { sql, type Expression, type SqlBool } from 'kysely';
import type { JsonObject, JsonValue } from '../db/db-schema.ts';
import type { Reader, Tx } from '../db/database.ts';
import { fragment, type Fragment } from '../db/fragment.ts';
import { openLinkKey, sealLinkKey } from '../security/link-keys.ts';

/** Prefix of the names of rows that are jobs; every other row is an event. */
export const JOB_PREFIX = 'job:';

/** True for the name of a row that is a job. */
export function isJobName(name: string): boolean {
  return name.startsWith(JOB_PREFIX);
}

/** Returns the name of the job of a row. */
export function jobNameOf(row: { name: string }): string {
  return row.name.slice(JOB_PREFIX.length);
}

export type Kind = 'event' | 'job';

/** Selects the rows of a kind. The prefix is written into the text, because the indexes by kind are partial. */
export function kindCondition(kind: Kind): Expression<SqlBool> {
  return kind === 'job' ? sql`starts_with(name, 'job:')` : sql`not starts_with(name, 'job:')`;
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

/** A payload without its secrets, in an update of delivered rows. */
export const payloadWithoutSecrets = sql<JsonObject>`payload - ${sql.lit(`{${[...secret_members].join(',')}}`)}::text[]`;

/** Opens the sealed members of a payload. */
export function openSecrets<Payload extends object>(payload: Payload): Payload {
  return mapSecrets(payload, openLinkKey);
}

interface NewOutboxRow {
  name: string;
  payload: object;
  created_at: Date | Expression<Date>;
  due_at: Date;
}

export async function insertOutboxRow(tx: Tx, row: NewOutboxRow): Promise<void> {
  await tx.insertInto('outbox_events').values(columnsOf(row)).execute();
}

/** Returns the insert of several rows in their order, for a statement that writes other rows too. */
export function outboxRows(rows: readonly NewOutboxRow[]): Fragment {
  const given = rows.map(({ name, payload, created_at, due_at }) => {
    return { name, payload: mapSecrets(payload, sealLinkKey), created_at, due_at };
  });
  return fragment`insert into outbox_events (name, payload, created_at, next_attempt_at)
    select name, payload, created_at, due_at
    from rows from (json_to_recordset(${JSON.stringify(given)}::json)
      as (name text, payload jsonb, created_at timestamptz, due_at timestamptz)) with ordinality as given
    order by ordinality`;
}

function columnsOf({ name, payload, created_at, due_at }: NewOutboxRow) {
  return {
    name,
    payload: JSON.stringify(mapSecrets(payload, sealLinkKey)),
    created_at,
    next_attempt_at: due_at,
  };
}

/**
 * Returns the instants at which the next undelivered event and job fall due. Indexes: outbox_events_due_events,
 * outbox_events_due_jobs.
 */
export async function findNextDue(reader: Reader): Promise<Record<Kind, Date | null>> {
  const { rows } = await sql<Record<Kind, Date | null>>`select
    (select min(next_attempt_at) from outbox_events
      where delivered_at is null and parked_at is null and ${kindCondition('event')}) as event,
    (select min(next_attempt_at) from outbox_events
      where delivered_at is null and parked_at is null and ${kindCondition('job')}) as job`.execute(reader);
  return rows[0] ?? { event: null, job: null };
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

export function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
