import { type Static, Type } from 'typebox';
import { IsoInstant, NullableString, PageOf, SlugParam } from '#platform/http/schemas';
import type { SubscriberNoteId } from '#platform/db/db-schema';
import type { SubscriberNote } from './note-store.ts';

/** Characters of one note. */
export const NOTE_LENGTH_MAX = 10_000;

export const NotesParams = Type.Object({ profile: SlugParam, subscriber: SlugParam });
export const NoteParams = Type.Object({
  ...NotesParams.properties,
  note: Type.String({ pattern: '^[1-9][0-9]{0,14}$', description: 'Number of the note' }),
});

export const NoteBody = Type.Object({ text: Type.String({ minLength: 1, maxLength: NOTE_LENGTH_MAX }) });

export const NoteSchema = Type.Object(
  {
    id: Type.Integer({ description: 'Number of the note, for its path' }),
    text: Type.String(),
    created_by: Type.Union([Type.String(), Type.Null()], {
      description: 'Username of the author; null after the account was deleted',
    }),
    created_by_name: NullableString,
    created_at: IsoInstant,
    updated_at: IsoInstant,
  },
  { title: 'SubscriberNote' },
);
export const NotePage = PageOf(NoteSchema);

export function presentNote(note: SubscriberNote): Static<typeof NoteSchema> {
  return {
    id: note.id,
    text: note.text,
    created_by: note.author_username,
    created_by_name: authorOf(note),
    created_at: note.created_at.toISOString(),
    updated_at: note.updated_at.toISOString(),
  };
}

/** Returns the name of the author; null after the account was deleted. */
export function authorOf({ author_full_name, author_username }: SubscriberNote): string | null {
  return author_full_name || author_username;
}

/** Returns the number of the note in a path, which the pattern of `NoteParams` allows. */
export function noteIdOf({ note }: { note: string }): SubscriberNoteId {
  return Number(note) as SubscriberNoteId; // a note of another place is not found
}
