import { selectUsers } from '#accounts';
import { selectPlanNames } from '#catalog';
import type { ListQuery, Page } from '#kernel/page';
import type { Reader, Tx } from '#platform/db/database';
import type { ProfileId, SubscriberNoteId, UserId } from '#platform/db/db-schema';
import { defineList, listPage } from '#platform/db/list';
import { readBatches } from '#platform/lists/read-batches';
import { selectProfileNames } from '#profiles';

/** Note of a provider about a subscriber, with its author. Only the provider and the broker read it. */
export interface SubscriberNote {
  id: SubscriberNoteId;
  text: string;
  created_at: Date;
  updated_at: Date;
  /** Null after the account of the author was deleted. */
  author_username: string | null;
  author_full_name: string | null;
}

/** Provider and subscriber of notes. */
export interface NotePlace {
  provider_id: ProfileId;
  /** The subscriber. */
  profile_id: ProfileId;
}

export const noteList = defineList({
  search: { text: 'notes.text', created_by: 'author.username' },
  sort: { created_at: 'notes.created_at' },
  default_order: [{ column: 'notes.created_at', descending: true }],
  tie_breaker: 'notes.id',
  date: 'notes.created_at',
});

/**
 * Finds the place of the notes about the profile with this slug; undefined if it never had a subscription to a plan of
 * the provider.
 */
export async function findNotePlace(
  reader: Reader,
  provider_id: ProfileId,
  slug: string,
): Promise<NotePlace | undefined> {
  const held = reader
    .selectFrom('subscriptions')
    .innerJoin(selectPlanNames(reader).as('plan'), 'plan.id', 'subscriptions.plan_id')
    .select('subscriptions.id')
    .where('plan.profile_id', '=', provider_id);
  const subscriber = await reader
    .selectFrom(selectProfileNames(reader).as('subscriber'))
    .select('subscriber.id')
    .where('subscriber.slug', '=', slug)
    .where((eb) => eb.exists(held.whereRef('subscriptions.profile_id', '=', eb.ref('subscriber.id'))))
    .executeTakeFirst();
  return subscriber && { provider_id, profile_id: subscriber.id };
}

/** Lists the notes of a provider about a subscriber. Index: subscriber_notes_profile_id. */
export async function listNotes(
  reader: Reader,
  place: NotePlace,
  list: ListQuery,
  url: URL,
): Promise<Page<SubscriberNote>> {
  return listPage(reader, selectNotes(reader, place), noteList, list, url);
}

/** Yields all notes of a list in batches. */
export function readNotes(reader: Reader, place: NotePlace, list: ListQuery): AsyncGenerator<SubscriberNote[]> {
  return readBatches(reader, selectNotes(reader, place), noteList, list);
}

/** Finds the newest notes of providers about a subscriber, newest first. Index: subscriber_notes_profile_id. */
export async function findLatestNotes(
  reader: Reader,
  profile_id: ProfileId,
  provider_ids: readonly ProfileId[],
  rows_max: number,
): Promise<SubscriberNote[]> {
  if (provider_ids.length === 0) return [];
  return selectAll(reader)
    .where('notes.profile_id', '=', profile_id)
    .where('notes.provider_id', 'in', [...provider_ids])
    .orderBy('notes.created_at', 'desc')
    .orderBy('notes.id', 'desc')
    .limit(rows_max)
    .execute();
}

/** Finds one note of the place. */
export async function findNote(
  reader: Reader,
  place: NotePlace,
  id: SubscriberNoteId,
): Promise<SubscriberNote | undefined> {
  return selectNotes(reader, place).where('notes.id', '=', id).executeTakeFirst();
}

/** Counts the notes of the place. Index: subscriber_notes_profile_id. */
export async function countNotes(reader: Reader, { provider_id, profile_id }: NotePlace): Promise<number> {
  const row = await reader
    .selectFrom('subscriber_notes')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('profile_id', '=', profile_id)
    .where('provider_id', '=', provider_id)
    .executeTakeFirstOrThrow();
  return row.count;
}

/** Inserts a note; returns its id. */
export async function insertNote(
  tx: Tx,
  note: NotePlace & { created_by: UserId | null; text: string },
  at: Date,
): Promise<SubscriberNoteId> {
  const row = await tx
    .insertInto('subscriber_notes')
    .values({ ...note, created_at: at, updated_at: at })
    .returning('id')
    .executeTakeFirstOrThrow();
  return row.id;
}

/** Changes the text of a note of the place; false without such a note. */
export async function updateNote(
  tx: Tx,
  { provider_id, profile_id }: NotePlace,
  id: SubscriberNoteId,
  text: string,
  at: Date,
): Promise<boolean> {
  const result = await tx
    .updateTable('subscriber_notes')
    .set({ text, updated_at: at })
    .where('id', '=', id)
    .where('profile_id', '=', profile_id)
    .where('provider_id', '=', provider_id)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Deletes a note of the place; false without such a note. */
export async function deleteNote(
  tx: Tx,
  { provider_id, profile_id }: NotePlace,
  id: SubscriberNoteId,
): Promise<boolean> {
  const result = await tx
    .deleteFrom('subscriber_notes')
    .where('id', '=', id)
    .where('profile_id', '=', profile_id)
    .where('provider_id', '=', provider_id)
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}

/**
 * Deletes the notes about a profile, and those that it wrote as a provider. Indexes: subscriber_notes_profile_id,
 * subscriber_notes_provider_id.
 */
export async function deleteNotesOf(tx: Tx, profile_id: ProfileId): Promise<void> {
  await tx
    .deleteFrom('subscriber_notes')
    .where((eb) => eb.or([eb('profile_id', '=', profile_id), eb('provider_id', '=', profile_id)]))
    .execute();
}

function selectAll(reader: Reader) {
  return reader
    .selectFrom('subscriber_notes as notes')
    .leftJoin(selectUsers(reader).as('author'), 'author.id', 'notes.created_by')
    .select(['notes.id', 'notes.text', 'notes.created_at', 'notes.updated_at'])
    .select(['author.username as author_username', 'author.full_name as author_full_name']);
}

function selectNotes(reader: Reader, { provider_id, profile_id }: NotePlace) {
  return selectAll(reader).where('notes.profile_id', '=', profile_id).where('notes.provider_id', '=', provider_id);
}
