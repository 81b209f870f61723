import { sql } from 'kysely';
import type { LedgerEntryId, LedgerEventId, ProfileId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import type { Entry, NewEntry } from './entry.ts';

/**
 * Inserts an event; undefined if its key exists.
 *
 * Locks: waits for a concurrent transaction that inserted the same key.
 */
export async function insertEvent(
  tx: Tx,
  event: { key: string; kind: string; receipt_key: string | null; created_at: Date },
): Promise<LedgerEventId | undefined> {
  const row = await tx
    .insertInto('ledger_events')
    .values(event)
    .onConflict((conflict) => conflict.column('key').doNothing())
    .returning('id')
    .executeTakeFirst();
  return row?.id;
}

/** Inserts the entries of an event of the same transaction, in the given order. */
export async function insertEntries(
  tx: Tx,
  ledger_event_id: LedgerEventId,
  entries: readonly (NewEntry & { created_at: Date })[],
): Promise<Entry[]> {
  const rows = await tx
    .insertInto('ledger_entries')
    .values(entries.map((entry, rank) => ({ ...entry, rank, ledger_event_id })))
    .returningAll()
    .execute();
  return rows.toSorted((a, b) => a.rank - b.rank);
}

/** Finds the entries of the event with this key, in the order of posting; undefined without such an event. */
export async function findEventEntries(reader: Reader, key: string): Promise<Entry[] | undefined> {
  const rows = await reader
    .selectFrom('ledger_entries')
    .selectAll()
    .where('ledger_event_id', '=', (eb) =>
      eb.selectFrom('ledger_events').select('ledger_events.id').where('key', '=', key),
    )
    .orderBy('rank')
    .execute();
  return rows.length === 0 ? undefined : rows;
}

/** Finds the entries with these ids, by id. */
export async function findEntries(reader: Reader, ids: readonly LedgerEntryId[]): Promise<Map<LedgerEntryId, Entry>> {
  if (ids.length === 0) return new Map();
  const rows = await reader.selectFrom('ledger_entries').selectAll().where('id', 'in', ids).execute();
  return new Map(rows.map((row) => [row.id, row]));
}

/** The charge that an event is about: its key at the processor, and the profile that paid. */
export interface Receipt {
  key: string;
  customer_id: ProfileId;
}

/** Finds the receipts of events. The sender of the first entry of such an event is the customer. */
export async function findReceipts(
  reader: Reader,
  ids: readonly LedgerEventId[],
): Promise<Map<LedgerEventId, Receipt>> {
  if (ids.length === 0) return new Map();
  const rows = await reader
    .selectFrom('ledger_events as event')
    .innerJoin('ledger_entries as entry', (join) =>
      join.onRef('entry.ledger_event_id', '=', 'event.id').on('entry.rank', '=', 0),
    )
    .select(['event.id', 'event.receipt_key as key', 'entry.orig_profile_id as customer_id'])
    .where('event.id', 'in', [...new Set(ids)])
    .where('event.receipt_key', 'is not', null)
    .$narrowType<{ key: string }>()
    .execute();
  return new Map(rows.map(({ id, ...receipt }) => [id, receipt]));
}

/** Finds up to `limit` entries after `last` (exclusive; null: from the first) in the order of their instants. */
export async function findEntriesAfter(
  reader: Reader,
  last: Pick<Entry, 'created_at' | 'id'> | null,
  limit: number,
): Promise<Entry[]> {
  // Index: ledger_entries_created_at.
  return reader
    .selectFrom('ledger_entries')
    .selectAll()
    .where(last === null ? sql<boolean>`true` : sql<boolean>`(created_at, id) > (${last.created_at}, ${last.id})`)
    .orderBy('created_at')
    .orderBy('id')
    .limit(limit)
    .execute();
}
