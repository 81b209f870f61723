import { sql } from 'kysely';
import { nickName, selectUsers } from '#accounts';
import { canonicalName } from '#kernel/slug';
import { builtOnce, oneOf, pointRead } from '#platform/db/built-once';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { type Part, part } from '#platform/db/together';
import { type ProfileSummary, type ProfileView, summarizeProfile } from './profile-summary.ts';
import type { Profile } from './profile.ts';

/** Selects profiles joined with the users of personal profiles. */
export function selectProfileViews(reader: Reader) {
  return reader
    .selectFrom('profiles')
    .leftJoin(selectUsers(reader).as('person'), 'person.id', 'profiles.personal_user_id')
    .selectAll('profiles')
    .select([
      sql<boolean>`coalesce(person.has_password, false)`.as('credentials'),
      'person.username as person_username',
      'person.nick_name as person_nick_name',
      'person.full_name as person_full_name',
      'person.lang as person_lang',
    ]);
}

type ViewRow = Profile & {
  credentials: boolean;
  person_username: string | null;
  person_nick_name: string | null;
  person_full_name: string | null;
  person_lang: string | null;
};

export function toProfileView(row: ViewRow): ProfileView {
  const { person_username, person_nick_name, person_full_name, person_lang, ...profile } = row;
  if (person_username === null) return { ...profile, person: null };
  const nick_name = person_nick_name ?? '';
  const called = nickName({ nick_name, full_name: person_full_name ?? '' });
  return { ...profile, person: { username: person_username, nick_name, called, lang: person_lang ?? 'en' } };
}

/** Makes the part that reads profiles with facts of their users. `toProfileView` converts its rows. */
export function profileViewPart(query: ReturnType<typeof selectProfileViews>): Part<ViewRow[]> {
  return part<ViewRow>(query, { created_at: true });
}

const viewById = pointRead((reader, id: ProfileId) => selectProfileViews(reader).where('profiles.id', '=', id));

/** Returns one profile with facts of its user. @throws Error if there is none */
export async function getProfileView(reader: Reader, id: ProfileId): Promise<ProfileView> {
  const [row] = await viewById(reader, id);
  if (!row) throw new Error(`there is no profile ${id}`);
  return toProfileView(row);
}

const viewsByIds = builtOnce((reader, ids: readonly ProfileId[]) =>
  selectProfileViews(reader).where('profiles.id', '=', oneOf(ids, 'bigint')),
);

/** Finds profiles with facts of their users, in one query. */
export async function findProfileViews(
  reader: Reader,
  ids: readonly ProfileId[],
): Promise<Map<ProfileId, ProfileView>> {
  if (ids.length === 0) return new Map();
  const rows = await viewsByIds(reader, [...new Set(ids)]);
  return new Map(rows.map((row) => [row.id, toProfileView(row)]));
}

/** Finds the summaries of profiles in one query. Unknown ids are absent from the map. */
export async function findProfileSummaries(
  reader: Reader,
  ids: readonly ProfileId[],
): Promise<Map<ProfileId, ProfileSummary>> {
  if (ids.length === 0) return new Map();
  const rows = await selectProfileSummaries(reader)
    .where('profiles.id', 'in', [...new Set(ids)])
    .execute();
  return new Map(rows.map((row) => [row.id, summarizeProfile(row)]));
}

/** Selects the public facts of profiles, as a query that other rooms read with their rows. */
export function selectProfileSummaries(reader: Reader) {
  return reader
    .selectFrom('profiles')
    .leftJoin(selectUsers(reader).as('person'), 'person.id', 'profiles.personal_user_id')
    .select([
      'profiles.id',
      'profiles.slug',
      'profiles.full_name',
      'profiles.picture',
      'profiles.personal_user_id',
      'profiles.created_at',
    ])
    .select(sql<boolean>`coalesce(person.has_password, false)`.as('credentials'));
}

const activeSummary = pointRead((reader, slug: string) =>
  selectProfileSummaries(reader).where('profiles.slug', '=', slug).where('profiles.is_active', '=', true),
);

/** Finds the public facts of an active profile by its slug; ignores case. */
export async function findActiveSummary(reader: Reader, slug: string): Promise<ProfileSummary | undefined> {
  const [row] = await activeSummary(reader, canonicalName(slug));
  return row && summarizeProfile(row);
}

/** Makes the part that reads public facts of profiles. `summarizeProfile` converts its rows. */
export function profileSummaryPart(query: ReturnType<typeof selectProfileSummaries>) {
  return part(query, { created_at: true });
}
