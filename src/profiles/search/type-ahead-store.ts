import { type RawBuilder, sql, type SqlBool } from 'kysely';
import { presentUserSummary, selectNamedUsers, selectUsers, type UserSummary } from '#accounts';
import type { ListQuery } from '#kernel/page';
import type { Reader } from '#platform/db/database';
import { searchCandidates } from '#platform/lists/list-search';
import { mergeReads } from '#platform/db/merge-reads';
import {
  presentProfileSummary,
  provedAddressCondition,
  selectMatchingProfiles,
  selectProfileViews,
  summarizeProfile,
  toProfileView,
  verifiedDomainCondition,
} from '../records/index.ts';
import type { ProfileSummaryBody } from '../schemas.ts';
import { parseCompanyDomain } from './public-mail-domains.ts';

/** Candidates for an input field; empty if there are more than the maximum. */
export interface Candidates<T> {
  count: number;
  results: T[];
}

const CANDIDATES_MAX = 5;
const TERM_LENGTH_MIN = 2;

/** The caller of a search. A seller may search by parts of addresses. */
export interface Searcher {
  is_seller: boolean;
}

/** `name` fields match a part of the value; `contact` fields match the whole value, for sellers a part. */
type Fields = Readonly<Record<string, { column: RawBuilder<unknown>; kind: 'name' | 'contact' }>>;

const profileColumns = {
  slug: { column: sql.ref('profiles.slug'), kind: 'name' },
  full_name: { column: sql.ref('profiles.full_name'), kind: 'name' },
  phone: { column: sql.ref('profiles.phone'), kind: 'contact' },
  street_address: { column: sql.ref('profiles.street_address'), kind: 'contact' },
  locality: { column: sql.ref('profiles.locality'), kind: 'contact' },
  region: { column: sql.ref('profiles.region'), kind: 'contact' },
  postal_code: { column: sql.ref('profiles.postal_code'), kind: 'contact' },
  country: { column: sql.ref('profiles.country'), kind: 'contact' },
  username: { column: sql.ref('profiles.slug'), kind: 'name' },
  first_name: { column: sql.ref('profiles.full_name'), kind: 'name' },
  last_name: { column: sql.ref('profiles.full_name'), kind: 'name' },
} as const satisfies Fields;

// Unverified addresses do not match: otherwise a grant for the owner of an address could go to another profile.
const profileFields = (reader: Reader): Fields => ({
  ...profileColumns,
  email: { column: sql`case when ${provedAddressCondition(reader)} then profiles.email end`, kind: 'contact' },
});

const userFields = {
  username: { column: sql.ref('users.username'), kind: 'name' },
  slug: { column: sql.ref('users.username'), kind: 'name' },
  full_name: { column: sql.ref('users.full_name'), kind: 'name' },
  first_name: { column: sql.ref('users.full_name'), kind: 'name' },
  last_name: { column: sql.ref('users.full_name'), kind: 'name' },
  email: { column: sql`case when users.email_verified_at is not null then users.email end`, kind: 'contact' },
} as const satisfies Fields;

const profileSort = { full_name: 'profiles.full_name', created_at: 'profiles.created_at' } as const;
const userSort = {
  email: 'users.email',
  created_at: 'users.created_at',
  first_name: 'users.full_name',
  last_name: 'users.full_name',
} as const;

/** Names that `q_f` and `o` accept, for the documentation of the routes. */
export const profileSearch = { search: { ...profileColumns, email: null }, sort: profileSort };
export const userSearch = { search: userFields, sort: userSort };
export const accountSearch = {
  search: { ...profileSearch.search, ...userSearch.search },
  sort: { ...profileSort, ...userSort },
};

/** Suggests profiles for a search term. Without a match, suggests the profiles with a user of the same mail domain. */
export async function suggestProfiles(
  reader: Reader,
  list: ListQuery,
  by: Searcher,
): Promise<Candidates<ProfileSummaryBody>> {
  const reachable = sql<boolean>`profiles.email <> ''`;
  const fields = profileFields(reader);
  const found = await findProfiles(
    reader,
    list,
    sql<boolean>`${reachable} and ${buildSearchCondition(fields, list, by)}`,
    narrowProfiles(list),
  );
  if (found.length > 0) return limitCandidates(found, list);
  const domains = list.terms.map(parseCompanyDomain).filter((domain) => domain !== null);
  if (domains.length === 0) return { count: 0, results: [] };
  const sameCompany = domains.map((domain) => verifiedDomainCondition(reader, domain));
  return limitCandidates(
    await findProfiles(reader, list, sql<boolean>`(${sql.join(sameCompany, sql` or `)})`, null),
    list,
  );
}

/** Suggests users for a search term. */
export async function suggestUsers(reader: Reader, list: ListQuery, by: Searcher): Promise<Candidates<UserSummary>> {
  const users = await findUsers(reader, list, by, sql<boolean>`true`);
  return limitCandidates(users.map(presentUserSummary), list);
}

/** Suggests profiles, and users without a profile. The maximum applies to each of the two kinds. */
export async function suggestAccounts(
  reader: Reader,
  list: ListQuery,
  by: Searcher,
): Promise<Candidates<ProfileSummaryBody>> {
  const noProfile = sql<boolean>`not exists (select from profiles p where p.personal_user_id = users.id)`;
  const [some_profiles, some_users] = await mergeReads(reader, [
    (together) =>
      findProfiles(together, list, buildSearchCondition(profileFields(together), list, by), narrowProfiles(list)),
    (together) => findUsers(together, list, by, noProfile),
  ]);
  const profiles = limitCandidates(some_profiles, list);
  const users = limitCandidates(some_users, list);
  const logins = users.results.map((user) => ({
    slug: user.username,
    printable_name: user.full_name || user.username,
    picture: user.picture,
    type: 'user' as const,
    credentials: user.has_password,
    created_at: user.created_at.toISOString(),
  }));
  return { count: profiles.count + users.count, results: [...profiles.results, ...logins] };
}

function candidatesMax(list: ListQuery): number {
  return Math.max(CANDIDATES_MAX, list.terms.length);
}

function limitCandidates<T>(rows: T[], list: ListQuery): Candidates<T> {
  return rows.length > candidatesMax(list) ? { count: 0, results: [] } : { count: rows.length, results: rows };
}

/** Indexes: profiles_names_text, profiles_address_text. */
function narrowProfiles(list: ListQuery): RawBuilder<SqlBool> | null {
  return searchCandidates(list.terms, 'profiles.id', selectMatchingProfiles);
}

async function findProfiles(
  reader: Reader,
  list: ListQuery,
  where: RawBuilder<boolean>,
  narrowing: RawBuilder<SqlBool> | null,
): Promise<ProfileSummaryBody[]> {
  let query = selectProfileViews(reader)
    .where('profiles.is_active', '=', true)
    .where('profiles.is_processor', '=', false)
    .where(where)
    .$if(narrowing !== null, (some) => some.where(narrowing ?? sql<boolean>`true`));
  if (list.start_at) query = query.where('profiles.created_at', '>=', list.start_at);
  if (list.ends_at) query = query.where('profiles.created_at', '<', list.ends_at);
  for (const { field, descending } of list.order) {
    const [, column] = Object.entries(profileSort).find(([name]) => name === field) ?? [];
    if (column) query = query.orderBy(column, descending ? 'desc' : 'asc');
  }
  const rows = await query
    .orderBy('profiles.full_name')
    .orderBy('profiles.id')
    .limit(candidatesMax(list) + 1)
    .execute();
  return rows.map((row) => presentProfileSummary(summarizeProfile(toProfileView(row))));
}

async function findUsers(reader: Reader, list: ListQuery, by: Searcher, where: RawBuilder<boolean>) {
  const narrowing = searchCandidates(list.terms, 'users.id', selectNamedUsers);
  let query = selectUsers(reader)
    .where('users.is_active', '=', true)
    .where(sql<boolean>`${buildSearchCondition(userFields, list, by)} and ${where}`)
    .$if(narrowing !== null, (some) => some.where(narrowing ?? sql<boolean>`true`));
  if (list.start_at) query = query.where('users.created_at', '>=', list.start_at);
  if (list.ends_at) query = query.where('users.created_at', '<', list.ends_at);
  for (const { field, descending } of list.order) {
    const [, column] = Object.entries(userSort).find(([name]) => name === field) ?? [];
    if (column) query = query.orderBy(column, descending ? 'desc' : 'asc');
  }
  return query
    .orderBy('users.full_name')
    .orderBy('users.id')
    .limit(candidatesMax(list) + 1)
    .execute();
}

/**
 * Returns the condition that any term matches any of the requested fields.
 *
 * Why other callers than sellers match whole addresses only, and no terms below TERM_LENGTH_MIN: they could otherwise
 * read the addresses of all users letter by letter.
 */
function buildSearchCondition(fields: Fields, list: ListQuery, by: Searcher): RawBuilder<boolean> {
  const terms = by.is_seller ? list.terms : list.terms.filter((term) => [...term].length >= TERM_LENGTH_MIN);
  if (terms.length === 0) return by.is_seller ? sql<boolean>`true` : sql<boolean>`false`;
  const requested = list.fields.flatMap((name) => (Object.hasOwn(fields, name) ? (fields[name] ?? []) : []));
  const searched = requested.length > 0 ? requested : Object.values(fields);
  const matches = terms.flatMap((term) =>
    searched.map(({ column, kind }) =>
      kind === 'name' || by.is_seller
        ? sql<boolean>`${column} ilike ${`%${term.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`}`
        : sql<boolean>`lower(${column}) = ${term.toLowerCase()}`,
    ),
  );
  return sql<boolean>`(${sql.join(matches, sql` or `)})`;
}
