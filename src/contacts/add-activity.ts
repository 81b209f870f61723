import { findUserByUsername, findUsersByIds, presentUserSummary } from '#accounts';
import { invalidInput } from '#kernel/problem';
import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction, type Reader } from '#platform/db/database';
import { requireQuota } from '#platform/security/quota';
import { findProfileBySlug, presentProfileSummary, findProfileSummaries } from '#profiles';
import { type Activity, countActivities, findProfileActivities, insertActivity } from './activity-store.ts';
import type { Contact } from './contact.ts';
import { findContactBySlug, findContactOfUser } from './contact-store.ts';
import { contactProblems } from './problems.ts';
import { activitiesQuota } from './quotas.ts';
import { contactOf } from './record-contact.ts';
import type { ActivityBody } from './schemas.ts';

/**
 * Takes a note about a contact, about a profile too when one is named.
 *
 * @throws contact_unknown (404) · invalid_input (400) naming `account` · quota_exceeded (409)
 */
export async function addActivity(
  ctx: Context,
  name: string,
  input: { text?: string | undefined; account: string | null },
): Promise<Activity> {
  return inTransaction(ctx.db, async (tx) => {
    const at = ctx.clock.now();
    const user = await findUserByUsername(tx, name);
    const contact = await contactOf(tx, name, user, at);
    if (!contact) throw contactProblems.contact_unknown();
    requireQuota(activitiesQuota, await countActivities(tx, contact.id));
    const profile = input.account === null ? null : await findProfileBySlug(tx, input.account);
    if (profile === undefined) throw invalidInput({ account: ['There is no such profile.'] });
    const created_by = actorId(ctx);
    const note = { contact_id: contact.id, profile_id: profile?.id ?? null, created_by, text: input.text ?? '' };
    return insertActivity(tx, note, at);
  });
}

/**
 * Finds the contact behind a name without making one; null for a user who is not on record.
 * @throws contact_unknown (404)
 */
export async function findContactNamed(reader: Reader, name: string): Promise<Contact | null> {
  const user = await findUserByUsername(reader, name);
  const contact = user ? await findContactOfUser(reader, user) : await findContactBySlug(reader, name);
  if (!contact && !user) throw contactProblems.contact_unknown();
  return contact ?? null;
}

/** Presents notes with their authors and profiles, in two queries. */
export async function presentActivities(reader: Reader, activities: readonly Activity[]): Promise<ActivityBody[]> {
  const authors = await findUsersByIds(
    reader,
    activities.map((each) => each.created_by).filter((id) => id !== null),
  );
  const profiles = await findProfileSummaries(
    reader,
    activities.map((each) => each.profile_id).filter((id) => id !== null),
  );
  return activities.map((activity) => {
    const author = activity.created_by === null ? undefined : authors.get(activity.created_by);
    const profile = activity.profile_id === null ? undefined : profiles.get(activity.profile_id);
    return {
      created_at: activity.created_at.toISOString(),
      created_by: author ? presentUserSummary(author) : null,
      text: activity.text,
      account: profile ? presentProfileSummary(profile) : null,
    };
  });
}

/** Lists the notes about a profile, newest first, as they are shown. */
export async function findProfileNotes(reader: Reader, profile_id: ProfileId): Promise<ActivityBody[]> {
  return presentActivities(reader, await findProfileActivities(reader, profile_id));
}
