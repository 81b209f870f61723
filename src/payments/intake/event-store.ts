import { sql, type Selectable } from 'kysely';
import type { ProcessorEventsTable } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import type { ProcessorEvent } from '../processors/index.ts';

export type StoredEvent = Selectable<ProcessorEventsTable>;

/** An event before it is stored. */
export type NewStoredEvent = Pick<StoredEvent, 'event_key' | 'processor' | 'account' | 'kind' | 'object_key'>;

type ConcernedEvent = ProcessorEvent & { type: StoredEvent['kind'] };

/** True if a handler depends on an event. */
export function isConcerned(event: ProcessorEvent): event is ConcernedEvent {
  return event.type !== 'other';
}

export function storedEvent(
  processor: string,
  { id: event_key, type: kind, object: object_key, account }: ConcernedEvent,
): NewStoredEvent {
  return { event_key, processor, account, kind, object_key };
}

/** Returns the accounts of these events that a provider has or had. Index: payout_accounts_account. */
export async function findKnownAccounts(tx: Tx, events: readonly NewStoredEvent[]): Promise<ReadonlySet<string>> {
  const accounts = [...new Set(events.map(({ account }) => account))].filter((account) => account !== '');
  if (accounts.length === 0) return new Set();
  const rows = await tx.selectFrom('payout_accounts').select('account').where('account', 'in', accounts).execute();
  return new Set(rows.map(({ account }) => account));
}

/** Inserts events in one statement; a repeated event has no effect. */
export async function insertEvents(tx: Tx, events: readonly NewStoredEvent[], at: Date): Promise<void> {
  if (events.length === 0) return;
  await tx
    .insertInto('processor_events')
    .values(events.map((event) => ({ ...event, received_at: at, next_at: at })))
    .onConflict((conflict) => conflict.column('event_key').doNothing())
    .execute();
}

/** Messages that one handler handles together: all that name one object. */
export interface EventGroup {
  processor: string;
  account: string;
  object_key: string;
  /** Kind of the handler. */
  kind: StoredEvent['kind'];
  /** Failures of the oldest message that is due. */
  failures_count: number;
}

/** Messages of one object that a run claimed: those whose `next_at` is the end of its claim. */
export interface EventClaim {
  group: EventGroup;
  until: Date;
}

/**
 * Claims the objects of the `limit` oldest due messages until `until`, each with all its due messages: a process that
 * ends meanwhile leaves them due then. Indexes: processor_events_due, processor_events_object.
 */
export async function claimEvents(tx: Tx, at: Date, until: Date, limit: number): Promise<EventGroup[]> {
  const { rows: groups } = await sql<EventGroup>`
    select processor, account, object_key, kind, (array_agg(failures_count order by next_at, event_key))[1] as failures_count
    from (
      select processor, account, object_key, ${handlerKind} as kind, failures_count, next_at, event_key
      from processor_events event where state = 'new' and next_at <= ${at}
      order by next_at, event_key limit ${limit} for update skip locked
    ) due
    group by processor, account, object_key, kind order by min(next_at), min(event_key)`.execute(tx);
  await sql`
    update processor_events set next_at = ${until} where event_key in (
      select event_key from processor_events event
      join unnest(${groups.map(({ processor }) => processor)}::text[], ${groups.map(({ account }) => account)}::text[],
        ${groups.map(({ object_key }) => object_key)}::text[], ${groups.map(({ kind }) => kind)}::text[])
        as claimed (processor, account, object_key, kind)
      on event.object_key = claimed.object_key and event.account = claimed.account
        and event.processor = claimed.processor and ${handlerKind} = claimed.kind
      where event.state = 'new' and event.next_at <= ${at} for update of event skip locked
    )`.execute(tx);
  return groups;
}

/** Messages about a dispute are handled with its charge. */
const handlerKind = sql`case event.kind when 'dispute' then 'charge' else event.kind end`;

const ofClaim = ({ group, until }: EventClaim) => sql<boolean>`
  state = 'new' and next_at = ${until} and object_key = ${group.object_key} and account = ${group.account}
  and processor = ${group.processor} and ${handlerKind} = ${group.kind}`;

/** Closes the messages of a claim that failed at least `failures_min` times. */
export async function closeEvents(
  tx: Tx,
  claim: EventClaim,
  end: { state: 'done' | 'ignored' | 'parked'; reason: string | null; done_at: Date },
  failures_min = 0,
): Promise<void> {
  await tx
    .updateTable('processor_events as event')
    .set(end)
    .where(ofClaim(claim))
    .where('failures_count', '>=', failures_min)
    .execute();
}

/** Counts a failure of the messages of a claim; each waits as long as the number of its failures says. Units: ms. */
export async function postponeEvents(tx: Tx, claim: EventClaim, at: Date, waits_ms: readonly number[]): Promise<void> {
  await tx
    .updateTable('processor_events as event')
    .set({
      next_at: sql`${at}::timestamptz + (${[...waits_ms]}::int[])[failures_count + 1] * interval '1 ms'`,
      failures_count: sql`failures_count + 1`,
    })
    .where(ofClaim(claim))
    .execute();
}

/** Deletes closed events of before an instant; returns how many. Parked ones stay. Index: processor_events_done. */
export async function deleteClosedEvents(tx: Tx, before: Date, rows_max: number): Promise<number> {
  const closed = tx
    .selectFrom('processor_events')
    .select('event_key')
    .where('state', 'in', ['done', 'ignored'])
    .where('done_at', '<', before)
    .limit(rows_max);
  const deleted = await tx.deleteFrom('processor_events').where('event_key', 'in', closed).executeTakeFirst();
  return Number(deleted.numDeletedRows);
}
