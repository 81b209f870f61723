import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { readTogether, type Outcome } from '#platform/db/together';
import type { NoteMention, ProfileNeeds, SubscriptionMention } from '../needs.ts';
import { profileViewPart, selectProfileViews } from '../records/index.ts';

/** Providers whose subscriptions are read; null for all. */
type Sellers = readonly ProfileId[] | null;

interface RowsInFull {
  views: Outcome<ReturnType<typeof profileViewPart>>;
  subscriptions: SubscriptionMention[];
  notes: NoteMention[];
}

type ReadInFull = (
  with_notes: boolean,
  reader: Reader,
  id: ProfileId,
  at: Date,
  sellers: Sellers,
) => Promise<RowsInFull>;

/** Makes the read of a profile with the subscriptions that run at an instant and, if asked, its notes. */
export function makeReadInFull({ selectSubscriptions, selectNotes }: ProfileNeeds): ReadInFull {
  const parts = (reader: Reader, id: ProfileId, at: Date, sellers: Sellers) => ({
    views: profileViewPart(selectProfileViews(reader).where('profiles.id', '=', id)),
    subscriptions: selectSubscriptions(reader, id, at, sellers),
  });
  const read = readTogether(parts);
  const readWithNotes = readTogether((reader, id: ProfileId, at: Date, sellers: Sellers) => ({
    ...parts(reader, id, at, sellers),
    notes: selectNotes(reader, id),
  }));
  return async (with_notes, ...values) =>
    with_notes ? readWithNotes(...values) : { notes: [], ...(await read(...values)) };
}
