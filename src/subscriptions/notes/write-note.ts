import { invalidInput } from '#kernel/problem';
import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import { inTransaction, type Reader } from '#platform/db/database';
import type { SubscriberNoteId } from '#platform/db/db-schema';
import { requireQuota } from '#platform/security/quota';
import { subscriptionProblems } from '../problems.ts';
import { findProvided } from '../records/index.ts';
import {
  countNotes,
  deleteNote,
  findNote,
  insertNote,
  type NotePlace,
  type SubscriberNote,
  updateNote,
} from './note-store.ts';
import { notesQuota } from './quotas.ts';

/**
 * Requires that the profile has or had a subscription to a plan of the provider.
 * @throws never_subscribed (404)
 */
export async function requireSubscriber(reader: Reader, { provider_id, profile_id }: NotePlace): Promise<void> {
  const held = await findProvided(reader, [profile_id], [provider_id]);
  if (held.length === 0) throw subscriptionProblems.never_subscribed();
}

/**
 * Adds a note of a provider about a subscriber.
 * @throws never_subscribed (404) · invalid_input (400) naming `text` · quota_exceeded (409)
 */
export async function addNote(ctx: Context, place: NotePlace, text: string): Promise<SubscriberNote> {
  const at = ctx.clock.now();
  return inTransaction(ctx.db, async (tx) => {
    await requireSubscriber(tx, place);
    const given = requireText(text);
    requireQuota(notesQuota, await countNotes(tx, place));
    const id = await insertNote(tx, { ...place, created_by: actorId(ctx), text: given }, at);
    return getNote(tx, place, id);
  });
}

/**
 * Changes the text of a note. The author stays.
 * @throws note_unknown (404) · invalid_input (400) naming `text`
 */
export async function changeNote(
  ctx: Context,
  place: NotePlace,
  id: SubscriberNoteId,
  text: string,
): Promise<SubscriberNote> {
  return inTransaction(ctx.db, async (tx) => {
    await getNote(tx, place, id);
    await updateNote(tx, place, id, requireText(text), ctx.clock.now());
    return getNote(tx, place, id);
  });
}

/** @throws note_unknown (404) */
export async function removeNote(ctx: Context, place: NotePlace, id: SubscriberNoteId): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    if (!(await deleteNote(tx, place, id))) throw subscriptionProblems.note_unknown();
  });
}

/** @throws note_unknown (404) */
export async function getNote(reader: Reader, place: NotePlace, id: SubscriberNoteId): Promise<SubscriberNote> {
  const note = await findNote(reader, place, id);
  if (!note) throw subscriptionProblems.note_unknown();
  return note;
}

function requireText(text: string): string {
  const given = text.trim();
  if (given === '') throw invalidInput({ text: ['This field may not be blank.'] });
  return given;
}
