import { sql } from 'kysely';
import type { LedgerEntryId, LedgerEventId, ProfileId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import type { Entry, NewEntry } from './entry.ts';

/** Claims the key of an event; undefined when it is taken. Waits for a transaction that is claiming the same key. */
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

/** Writes the entries of an event that was claimed in the same transaction, in the order given. */
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

/** The entries of the event with that key, in the order in which they were posted; undefined when nothing was. */
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

/** The entries with those ids, by id. */
export async function findEntries(reader: Reader, ids: readonly LedgerEntryId[]): Promise<Map<LedgerEntryId, Entry>> {
  if (ids.length === 0) return new Map();
  const rows = await reader.selectFrom('ledger_entries').selectAll().where('id', 'in', ids).execute();
  return new Map(rows.map((row) => [row.id, row]));
}

/** The charge that an event is about: the processor's key of it, and who paid. */
export interface Receipt {
  key: string;
  customer_id: ProfileId;
}

/** Finds the receipts that events are about. The first entry of such an event leaves the customer. */
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

/** The entries that follow one in the order in which things happened, at most `limit`. */
export async function listEntriesAfter(
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
