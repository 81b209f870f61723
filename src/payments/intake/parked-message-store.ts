import { sql } from 'kysely';
import { selectUsers } from '#accounts';
import type { ListQuery, Page } from '#kernel/page';
import type { Reader, Tx } from '#platform/db/database';
import type { UserId } from '#platform/db/db-schema';
import { defineList, listPage } from '#platform/db/list';
import type { StoredEvent } from './event-store.ts';

/** Who decided, and when. */
interface Decision {
  by: UserId | null;
  at: Date;
}

/** A message of a payment processor that could not be handled: it waits for a person. */
export interface ParkedMessage extends Pick<
  StoredEvent,
  'event_key' | 'processor' | 'account' | 'kind' | 'object_key' | 'received_at' | 'retried_at'
> {
  reason: string;
  parked_at: Date;
  /** Name of the manager who retried it last; null after the account was deleted. */
  retried_by: string | null;
}

/** The list of parked messages. Index: processor_events_parked. */
export const parkedMessageList = defineList({
  search: {
    reason: 'message.reason',
    object: 'message.object_key',
    event_key: 'message.event_key',
    account: 'message.account',
  },
  sort: { parked_at: 'message.done_at', received_at: 'message.received_at' },
  default_order: [{ column: 'message.done_at', descending: true }],
  tie_breaker: 'message.event_key',
  date: 'message.done_at',
});

/** Returns a page of the messages that are parked, the last one first. */
export async function listParkedMessages(reader: Reader, list: ListQuery, url: URL): Promise<Page<ParkedMessage>> {
  const rows = selectMessages(reader).where('message.state', '=', 'parked');
  return listPage(reader, rows, parkedMessageList, list, url);
}

/** Counts the parked messages. Index: processor_events_parked. */
export async function countParkedMessages(reader: Reader): Promise<number> {
  const { count } = await reader
    .selectFrom('processor_events')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('state', '=', 'parked')
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Finds a message by its key in any state. */
export async function findMessage(
  reader: Reader,
  event_key: string,
): Promise<(ParkedMessage & Pick<StoredEvent, 'state'>) | undefined> {
  return selectMessages(reader).select('message.state').where('message.event_key', '=', event_key).executeTakeFirst();
}

/** Makes a parked message due at `at`, without its failures. Returns false if it is not parked. */
export async function releaseMessage(tx: Tx, event_key: string, { by, at }: Decision): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('processor_events')
    .set({ state: 'new', failures_count: 0, next_at: at, reason: null, done_at: null, retried_by: by, retried_at: at })
    .where('event_key', '=', event_key)
    .where('state', '=', 'parked')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Closes a parked message without an effect. Returns false if it is not parked. */
export async function dismissMessage(
  tx: Tx,
  event_key: string,
  { by, at, reason }: Decision & { reason: string },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('processor_events')
    .set({ state: 'ignored', reason, done_at: at, ignored_by: by })
    .where('event_key', '=', event_key)
    .where('state', '=', 'parked')
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

function selectMessages(reader: Reader) {
  return reader
    .selectFrom('processor_events as message')
    .leftJoin(selectUsers(reader).as('actor'), 'actor.id', 'message.retried_by')
    .select(['message.event_key', 'message.processor', 'message.account', 'message.kind', 'message.object_key'])
    .select(['message.received_at', 'message.retried_at', 'actor.username as retried_by'])
    .select([
      sql<string>`coalesce(message.reason, '')`.as('reason'),
      // A parked message has the instant.
      sql<Date>`message.done_at`.as('parked_at'),
    ]);
}
