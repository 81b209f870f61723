import { NoResultError, SelectQueryNode, sql } from 'kysely';
import { canonicalEmail, emailSpellings } from '#kernel/email';
import { canonicalName } from '#kernel/slug';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import { pointRead } from '#platform/db/built-once';
import type { Reader, Tx } from '#platform/db/database';
import { anyOf, executeFragment, fragment, type Ids } from '#platform/db/fragment';
import { type Part, readRows } from '#platform/db/together';
import type { Profile, ProfileFields } from './profile.ts';
import { provedAddressCondition } from './proved-address-store.ts';

export async function findProfileById(reader: Reader, id: ProfileId): Promise<Profile | undefined> {
  return reader.selectFrom('profiles').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function findProfileBySlug(reader: Reader, slug: string): Promise<Profile | undefined> {
  return reader.selectFrom('profiles').selectAll().where('slug', '=', canonicalName(slug)).executeTakeFirst();
}

/** Selects the names and addresses of all profiles, as a query that other rooms join to search and sort by them. */
export function selectProfileNames(reader: Reader) {
  return reader
    .selectFrom('profiles')
    .select([
      'profiles.id',
      'profiles.slug',
      'profiles.full_name',
      'profiles.email',
      'profiles.phone',
      'profiles.street_address',
      'profiles.locality',
      'profiles.region',
      'profiles.postal_code',
      'profiles.country',
      'profiles.is_active',
      'profiles.invited_email',
      'profiles.created_at',
    ]);
}

/** Finds profiles by id, in one query. */
export async function findProfilesByIds(reader: Reader, ids: readonly ProfileId[]): Promise<Map<ProfileId, Profile>> {
  if (ids.length === 0) return new Map();
  const rows = await reader
    .selectFrom('profiles')
    .selectAll()
    .where('id', 'in', [...new Set(ids)])
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}

/**
 * Finds active profiles by slugs or proved e-mail addresses, case-insensitively. The keys are the handles as given.
 * A slug takes precedence over an address, a personal profile over organizations, a lower id over a higher one.
 */
export async function findProfilesByHandles(reader: Reader, handles: readonly string[]): Promise<Map<string, Profile>> {
  if (handles.length === 0) return new Map();
  const wanted = [...new Set(handles.map((handle) => handle.toLowerCase()))];
  const active = () => reader.selectFrom('profiles').selectAll().where('is_active', '=', true);
  const by_slug = await active()
    .where(sql<boolean>`lower(slug) = any(${wanted})`)
    .execute();
  const by_address = await active()
    .where(sql<boolean>`lower(email) = any(${wanted.flatMap(emailSpellings)})`)
    .where(provedAddressCondition(reader))
    .orderBy(personalFirst)
    .orderBy('id')
    .execute();
  const bySlug = new Map(by_slug.map((row) => [row.slug.toLowerCase(), row]));
  // The first row of an address takes precedence.
  const byAddress = new Map(by_address.toReversed().map((row) => [canonicalEmail(row.email), row]));
  const found = new Map<string, Profile>();
  for (const handle of handles) {
    const profile = bySlug.get(handle.toLowerCase()) ?? byAddress.get(canonicalEmail(handle));
    if (profile) found.set(handle, profile);
  }
  return found;
}

/** Order in which an address matches the personal profile of its owner before an organization with the same address. */
const personalFirst = sql`profiles.personal_user_id is null`;

/** Finds the personal profile of a user. */
export async function findPersonalProfile(reader: Reader, user_id: UserId): Promise<Profile | undefined> {
  return reader.selectFrom('profiles').selectAll().where('personal_user_id', '=', user_id).executeTakeFirst();
}

/**
 * Finds an active profile by a proved e-mail address: the personal profile, else the organization with the lowest id.
 */
export async function findProfileByEmail(reader: Reader, email: string): Promise<Profile | undefined> {
  return reader
    .selectFrom('profiles')
    .selectAll()
    .where((eb) => eb(eb.fn<string>('lower', ['email']), 'in', emailSpellings(email)))
    .where('is_active', '=', true)
    .where(provedAddressCondition(reader))
    .orderBy(personalFirst)
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
}

/**
 * Selects a profile FOR NO KEY UPDATE; serializes changes of its roles and of its ledger entries and charges.
 *
 * Why NO KEY: inserts of rows that refer to the profile are not blocked. Otherwise two profiles that buy from each
 * other deadlock, and a refund of a provider blocks all its sales.
 */
export async function lockProfile(tx: Tx, id: ProfileId): Promise<Profile> {
  const { query, read } = profileLock(id);
  return read(await executeFragment(tx, query));
}

/** Statement that locks a profile like `lockProfile`. */
export function profileLock(id: ProfileId) {
  const query = fragment<Profile>`select * from profiles where id = ${id} for no key update`;
  return {
    query,
    read([row]: readonly object[]): Profile {
      if (!row) throw new NoResultError(SelectQueryNode.create());
      return row as Profile; // the columns of the query
    },
  };
}

/** Part that locks a profile like `lockProfile`, for a statement that then locks rows of the profile. */
export function lockedProfile(id: ProfileId): Part<void> {
  return { query: fragment`select id from profiles where id = ${id} for no key update`, read: null };
}

/** Part that finds profiles by id, like `findProfilesByIds`. */
export function profilesById(ids: Ids<ProfileId>): Part<Map<ProfileId, Profile>> {
  const query = fragment`select * from profiles where id = ${anyOf(ids)}`;
  return {
    query,
    read: (rows) => new Map(readRows<Profile>(rows, ['created_at']).map((row) => [row.id, row])),
  };
}

/** Part that finds the id of the profile of `getProcessor`; undefined without one. */
export function processorProfile(): Part<ProfileId | undefined> {
  const query = fragment`select id from profiles where is_processor`;
  return { query, read: (rows) => readRows<Pick<Profile, 'id'>>(rows, [])[0]?.id };
}

/** Returns the profile that operates the site. */
export async function getBroker(reader: Reader, site: { broker_id: ProfileId }): Promise<Profile> {
  return reader.selectFrom('profiles').selectAll().where('id', '=', site.broker_id).executeTakeFirstOrThrow();
}

/** Returns the profile that represents the payment processor in the ledger. */
export async function getProcessor(reader: Reader): Promise<Profile> {
  return reader.selectFrom('profiles').selectAll().where('is_processor', '=', true).executeTakeFirstOrThrow();
}

export interface NewProfile extends Partial<ProfileFields> {
  slug: string;
  full_name: string;
  personal_user_id?: UserId | null;
  is_processor?: boolean;
  invited_email?: string | null;
  invited_as?: 'personal' | 'organization' | null;
  invited_by_profile_id?: ProfileId | null;
}

/** Inserts the row without claiming its slug. Returns undefined if the slug is taken or the user has a profile. */
export async function insertProfileRow(tx: Tx, profile: NewProfile, at: Date): Promise<Profile | undefined> {
  return tx
    .insertInto('profiles')
    .values({ ...profile, slug: canonicalName(profile.slug), created_at: at })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
}

export type ProfileChange = Partial<ProfileFields> & {
  slug?: string;
  is_active?: boolean;
  personal_user_id?: UserId | null;
  invited_email?: null;
  invited_as?: null;
  invited_by_profile_id?: null;
};

export async function updateProfileRow(tx: Tx, id: ProfileId, change: ProfileChange): Promise<Profile> {
  if (Object.keys(change).length === 0) return lockProfile(tx, id);
  const named = change.slug === undefined ? change : { ...change, slug: canonicalName(change.slug) };
  return tx.updateTable('profiles').set(named).where('id', '=', id).returningAll().executeTakeFirstOrThrow();
}

/** Sets whether providers may charge the card on file when they change a subscription of the profile. */
export async function updateProviderCharges(tx: Tx, id: ProfileId, allow_provider_charges: boolean): Promise<void> {
  await tx.updateTable('profiles').set({ allow_provider_charges }).where('id', '=', id).execute();
}

/** Returns whether providers may charge the card on file of a profile; undefined if there is no such profile. */
export async function findProviderCharges(reader: Reader, id: ProfileId): Promise<boolean | undefined> {
  const [profile] = await providerChargesOf(reader, id);
  return profile?.allow_provider_charges;
}

const providerChargesOf = pointRead((reader, id: ProfileId) =>
  reader.selectFrom('profiles').select('allow_provider_charges').where('id', '=', id),
);
