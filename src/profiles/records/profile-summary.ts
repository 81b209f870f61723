import { sql } from 'kysely';
import { nickName, selectUsers } from '#accounts';
import { builtOnce } from '#platform/db/built-once';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { extraFromText } from '#platform/http/schemas';
import type { ProfileDetailBody, ProfileSummaryBody } from '../schemas.ts';
import { type Profile, profileName, profileType, type ProfileType } from './profile.ts';

/** What everybody may know about a profile. */
export interface ProfileSummary {
  id: ProfileId;
  slug: string;
  printable_name: string;
  picture: string | null;
  type: ProfileType;
  /** The user of a personal profile can sign in with a password; false for organizations. */
  credentials: boolean;
  created_at: Date;
}

/** A profile with what is computed from its user. */
export interface ProfileView extends Profile {
  credentials: boolean;
  /** The user of a personal profile; null for organizations. `called` falls back on the first name. */
  person: { username: string; nick_name: string; called: string; lang: string } | null;
}

/** Reads profiles next to the user that a personal one stands for. */
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

const viewById = builtOnce((reader, id: ProfileId) => selectProfileViews(reader).where('profiles.id', '=', id));

/** Finds one profile with what is computed, by id. */
export async function getProfileView(reader: Reader, id: ProfileId): Promise<ProfileView> {
  const [row] = await viewById(reader, id);
  if (!row) throw new Error(`there is no profile ${id}`);
  return toProfileView(row);
}

/** Finds many profiles with what is computed, in one query. */
export async function findProfileViews(
  reader: Reader,
  ids: readonly ProfileId[],
): Promise<Map<ProfileId, ProfileView>> {
  if (ids.length === 0) return new Map();
  const rows = await selectProfileViews(reader)
    .where('profiles.id', 'in', [...new Set(ids)])
    .execute();
  return new Map(rows.map((row) => [row.id, toProfileView(row)]));
}

/** Summarises many profiles in one query; ids that are not there are left out. */
export async function findProfileSummaries(
  reader: Reader,
  ids: readonly ProfileId[],
): Promise<Map<ProfileId, ProfileSummary>> {
  if (ids.length === 0) return new Map();
  const rows = await reader
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
    .select(sql<boolean>`coalesce(person.has_password, false)`.as('credentials'))
    .where('profiles.id', 'in', [...new Set(ids)])
    .execute();
  return new Map(rows.map((row) => [row.id, summarizeProfile(row)]));
}

/** Summarises a profile; whether its user can sign in comes from who read it. */
export function summarizeProfile(
  profile: Pick<Profile, 'id' | 'slug' | 'full_name' | 'picture' | 'personal_user_id' | 'created_at'> & {
    credentials: boolean;
  },
): ProfileSummary {
  return {
    id: profile.id,
    slug: profile.slug,
    printable_name: profileName(profile),
    picture: profile.picture,
    type: profileType(profile),
    credentials: profile.credentials,
    created_at: profile.created_at,
  };
}

export function presentProfileSummary(summary: ProfileSummary): ProfileSummaryBody {
  const { id: _id, created_at, ...rest } = summary;
  return { ...rest, created_at: created_at.toISOString() };
}

/** Presents a profile in full. The printable name of a personal profile is the nick name of its user. */
export function presentProfileDetail(view: ProfileView): ProfileDetailBody {
  const { full_name, email, phone, street_address, locality, region, postal_code, country } = view;
  return {
    ...presentProfileSummary(summarizeProfile(view)),
    ...(view.person && view.person.nick_name !== '' ? { printable_name: view.person.nick_name } : {}),
    full_name,
    email,
    phone,
    street_address,
    locality,
    region,
    postal_code,
    country,
    default_timezone: view.default_timezone,
    is_provider: view.is_provider,
    is_bulk_buyer: view.is_bulk_buyer,
    extra: extraFromText(view.extra),
    nick_name: view.person?.called ?? null,
    lang: view.person?.lang ?? null,
  };
}
