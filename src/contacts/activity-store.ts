import { selectUsers } from '#accounts';
import type { Expression } from 'kysely';
import type { ListQuery, Page } from '#kernel/page';
import type { ActivityId, ContactId, ProfileId, UserId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { defineList, listPage } from '#platform/db/list';
import { part } from '#platform/db/together';

/** Note of the broker about a contact, and about a profile if `profile_id` is not null. */
export interface Activity {
  id: ActivityId;
  contact_id: ContactId;
  profile_id: ProfileId | null;
  created_by: UserId | null;
  text: string;
  extra: string | null;
  created_at: Date;
}

export const activityList = defineList({
  search: { text: 'activities.text' },
  sort: { created_at: 'activities.created_at' },
  default_order: [{ column: 'activities.created_at', descending: false }],
  tie_breaker: 'activities.id',
  date: 'activities.created_at',
});

const PROFILE_ACTIVITIES_MAX = 100;

export async function listContactActivities(
  reader: Reader,
  contact_id: ContactId | Expression<ContactId>,
  list: ListQuery,
  url: URL,
): Promise<Page<Activity>> {
  return listPage(
    reader,
    reader.selectFrom('activities').selectAll().where('contact_id', '=', contact_id),
    activityList,
    list,
    url,
  );
}

/** Selects the latest 100 notes about a profile with their authors, newest first. Index: activities_profile_id. */
export function selectProfileNotes(reader: Reader, profile_id: ProfileId) {
  const notes = reader
    .selectFrom('activities')
    .leftJoin(selectUsers(reader).as('author'), 'author.id', 'activities.created_by')
    .select(['activities.created_at', 'activities.text', 'author.username as author_username'])
    .select(['author.nick_name as author_nick_name', 'author.full_name as author_full_name'])
    .select('author.picture as author_picture')
    .where('activities.profile_id', '=', profile_id)
    .orderBy('activities.created_at', 'desc')
    .orderBy('activities.id', 'desc')
    .limit(PROFILE_ACTIVITIES_MAX);
  return part(notes, { created_at: true });
}

/** A note about a profile, with the names of its author and of the person that it is about. */
export interface ProfileNote {
  created_at: Date;
  text: string;
  author_username: string | null;
  author_full_name: string | null;
  contact_slug: string;
  contact_full_name: string;
}

/** Finds the latest 100 notes about a profile, newest first. Index: activities_profile_id. */
export async function findProfileNotes(reader: Reader, profile_id: ProfileId): Promise<ProfileNote[]> {
  return reader
    .selectFrom('activities')
    .innerJoin('contacts', 'contacts.id', 'activities.contact_id')
    .leftJoin(selectUsers(reader).as('author'), 'author.id', 'activities.created_by')
    .select(['activities.created_at', 'activities.text'])
    .select(['author.username as author_username', 'author.full_name as author_full_name'])
    .select(['contacts.slug as contact_slug', 'contacts.full_name as contact_full_name'])
    .where('activities.profile_id', '=', profile_id)
    .orderBy('activities.created_at', 'desc')
    .orderBy('activities.id', 'desc')
    .limit(PROFILE_ACTIVITIES_MAX)
    .execute();
}

/** Counts the notes about a contact. Index: activities_contact_id. */
export async function countActivities(reader: Reader, contact_id: ContactId): Promise<number> {
  const row = await reader
    .selectFrom('activities')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('contact_id', '=', contact_id)
    .executeTakeFirstOrThrow();
  return row.count;
}

export type NewActivity = Pick<Activity, 'contact_id' | 'profile_id' | 'created_by' | 'text'>;

export async function insertActivity(tx: Tx, activity: NewActivity, at: Date): Promise<Activity> {
  return tx
    .insertInto('activities')
    .values({ ...activity, created_at: at })
    .returningAll()
    .executeTakeFirstOrThrow();
}
