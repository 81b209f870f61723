import { sql } from 'kysely';
import type { LedgerEntryId, LedgerEventId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { anyOf, executeFragment, fragment, type Ids } from '#platform/db/fragment';
import { type Part, readRows } from '#platform/db/together';
import { selectProfileNames } from '#profiles';
import type { AccountName, Entry, NewEntry } from './entry.ts';
import type { LedgerSubject } from './subject.ts';

/** An event with its entries as they are inserted. */
export interface InsertedEvent {
  key: string;
  kind: string;
  receipt_key: string | null;
  created_at: Date;
  entries: readonly (NewEntry & { created_at: Date })[];
}

/**
 * Inserts events with their entries, in the given order, by one statement. Returns the entries in the same order; empty
 * if the key of an event exists. Then no entry was inserted, and no event if the keys of all exist.
 *
 * Locks: waits for a concurrent transaction that inserted one of the keys.
 */
export async function insertEvents(tx: Tx, events: readonly InsertedEvent[]): Promise<Entry[]> {
  const heads = events.map(({ entries: _, ...event }) => event);
  const entries = events.flatMap((event) =>
    event.entries.map((entry, rank) => ({ ...entry, rank, ledger_event_key: event.key })),
  );
  // JSON: the text of the statement does not depend on the number of entries, so that it is prepared once.
  const insert = fragment<Entry>`
    with event as (
      insert into ledger_events (key, kind, receipt_key, created_at)
      select key, kind, receipt_key, created_at
      from rows from (json_to_recordset(${JSON.stringify(heads)}::json)
        as (key text, kind text, receipt_key text, created_at timestamptz)) with ordinality as given
      order by ordinality
      on conflict (key) do nothing returning id, key
    )
    insert into ledger_entries (ledger_event_id, rank, created_at, description, subject_kind, subject_id, subject_part,
      orig_profile_id, orig_account, orig_amount, orig_unit, dest_profile_id, dest_account, dest_amount, dest_unit)
    select event.id, rank, created_at, description, subject_kind, subject_id, subject_part,
      orig_profile_id, orig_account, orig_amount, orig_unit, dest_profile_id, dest_account, dest_amount, dest_unit
    from rows from (json_to_recordset(${JSON.stringify(entries)}::json)
      as (ledger_event_key text, rank integer, created_at timestamptz, description text, subject_kind text,
        subject_id text, subject_part text, orig_profile_id bigint, orig_account text, orig_amount bigint, orig_unit text,
        dest_profile_id bigint, dest_account text, dest_amount bigint, dest_unit text)) with ordinality as entry
      join event on event.key = entry.ledger_event_key
    where (select count(*) from event) = ${events.length}
    order by ordinality
    returning *`;
  return executeFragment(tx, insert);
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

/** Finds the entries of the events with these keys, with the keys, in the order of posting. */
export async function findEntriesOfEvents(
  reader: Reader,
  keys: readonly string[],
): Promise<(Entry & { event_key: string })[]> {
  if (keys.length === 0) return [];
  return reader
    .selectFrom('ledger_entries as entry')
    .innerJoin('ledger_events as event', 'event.id', 'entry.ledger_event_id')
    .selectAll('entry')
    .select('event.key as event_key')
    .where('event.key', 'in', [...keys])
    .orderBy('entry.id')
    .execute();
}

/**
 * Finds the entries with these ids, by id, and those on a thing and its parts that enter or leave one account, in the
 * order of posting, in one statement. Indexes: primary key, ledger_entries_subject.
 */
export async function findEntriesAndOn(
  reader: Reader,
  ids: readonly LedgerEntryId[],
  { kind, id, account }: Pick<LedgerSubject, 'kind' | 'id'> & { account: AccountName },
): Promise<{ by_id: Map<LedgerEntryId, Entry>; on_subject: Entry[] }> {
  const rows = await reader
    .selectFrom('ledger_entries')
    .selectAll()
    .where((eb) =>
      eb.or([
        eb('id', '=', eb.fn.any(eb.val([...ids]))),
        eb.and([
          eb('subject_kind', '=', kind),
          eb('subject_id', '=', id),
          eb.or([eb('orig_account', '=', account), eb('dest_account', '=', account)]),
        ]),
      ]),
    )
    .orderBy('id')
    .execute();
  return {
    by_id: new Map(rows.map((row) => [row.id, row])),
    on_subject: rows.filter(
      (row) =>
        row.subject_kind === kind &&
        row.subject_id === id &&
        (row.orig_account === account || row.dest_account === account),
    ),
  };
}

/** Finds the entries with these ids, by id. */
export async function findEntries(reader: Reader, ids: readonly LedgerEntryId[]): Promise<Map<LedgerEntryId, Entry>> {
  if (ids.length === 0) return new Map();
  const rows = await reader.selectFrom('ledger_entries').selectAll().where('id', 'in', ids).execute();
  return new Map(rows.map((row) => [row.id, row]));
}

/** Part that finds entries by id, like `findEntries`. */
export function entriesById(ids: Ids<LedgerEntryId>): Part<Map<LedgerEntryId, Entry>> {
  return {
    query: fragment`select * from ledger_entries where id = ${anyOf(ids)}`,
    read: (rows) => new Map(readRows<Entry>(rows, ['created_at']).map((row) => [row.id, row])),
  };
}

/** The charge that an event is about: its key at the processor, and the profile that paid. */
export interface Receipt {
  key: string;
  /** Slug of the customer. */
  customer: string;
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
    .innerJoin(selectProfileNames(reader).as('customer'), 'customer.id', 'entry.orig_profile_id')
    .select(['event.id', 'event.receipt_key as key', 'customer.slug as customer'])
    .where('event.id', 'in', [...new Set(ids)])
    .where('event.receipt_key', 'is not', null)
    .$narrowType<{ key: string }>()
    .execute();
  return new Map(rows.map(({ id, ...receipt }) => [id, receipt]));
}

/** Finds the kinds of events (`order`, `charge`, `refund` …) by their ids. */
export async function findEventKinds(
  reader: Reader,
  ids: readonly LedgerEventId[],
): Promise<Map<LedgerEventId, string>> {
  if (ids.length === 0) return new Map();
  const rows = await reader
    .selectFrom('ledger_events')
    .select(['id', 'kind'])
    .where('id', 'in', [...new Set(ids)])
    .execute();
  return new Map(rows.map(({ id, kind }) => [id, kind]));
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
