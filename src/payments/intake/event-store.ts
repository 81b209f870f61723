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

/** Inserts events in one statement; a repeated event has no effect. */
export async function insertEvents(tx: Tx, events: readonly NewStoredEvent[], at: Date): Promise<void> {
  if (events.length === 0) return;
  await tx
    .insertInto('processor_events')
    .values(events.map((event) => ({ ...event, received_at: at, next_at: at })))
    .onConflict((conflict) => conflict.column('event_key').doNothing())
    .execute();
}

/**
 * Claims due events until `until`: a process that ends meanwhile leaves them due then. Index: processor_events_due.
 */
export async function claimEvents(tx: Tx, at: Date, until: Date, limit: number): Promise<StoredEvent[]> {
  return tx
    .updateTable('processor_events')
    .set({ next_at: until })
    .where('event_key', 'in', (eb) =>
      eb
        .selectFrom('processor_events')
        .select('event_key')
        .where('state', '=', 'new')
        .where('next_at', '<=', at)
        .orderBy('next_at')
        .orderBy('event_key')
        .limit(limit)
        .forUpdate()
        .skipLocked(),
    )
    .returningAll()
    .execute();
}

/** Closes events that are still new. */
export async function closeEvents(
  tx: Tx,
  event_keys: readonly string[],
  end: { state: 'done' | 'ignored' | 'parked'; reason: string | null; done_at: Date },
): Promise<void> {
  await tx
    .updateTable('processor_events')
    .set(end)
    .where('state', '=', 'new')
    .where('event_key', '=', (eb) => eb.fn.any(eb.val([...event_keys])))
    .execute();
}

/** Counts a failure of an event and postpones it. */
export async function postponeEvent(tx: Tx, event_key: string, next_at: Date): Promise<void> {
  await tx
    .updateTable('processor_events')
    .set({ next_at, failures_count: sql`failures_count + 1` })
    .where('state', '=', 'new')
    .where('event_key', '=', event_key)
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
