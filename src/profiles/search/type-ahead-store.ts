import { type RawBuilder, sql } from 'kysely';
import { presentUserSummary, selectUsers, type UserSummary } from '#accounts';
import type { ListQuery } from '#kernel/page';
import type { Reader } from '#platform/db/database';
import {
  presentProfileSummary,
  provedAddressCondition,
  selectProfileViews,
  summarizeProfile,
  toProfileView,
  verifiedDomainCondition,
} from '../records/index.ts';
import type { ProfileSummaryBody } from '../schemas.ts';
import { companyDomain } from './public-mail-domains.ts';

/** Candidates for an input field; none at all when there are more than a person would read. */
export interface Candidates<T> {
  count: number;
  results: T[];
}

const CANDIDATES_MAX = 5;
const TERM_LENGTH_MIN = 2;

/** Who asks: people who sell see more than those who look for their company or a colleague. */
export interface Searcher {
  is_seller: boolean;
}

/** `name` fields match anywhere within; `contact` fields only as a whole, unless a seller asks. */
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

// An unverified address matches nothing: a grant meant for its owner would reach another profile.
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

/** Finds profiles to complete what somebody types; without a match, those of the same company by the domain of an address. */
export async function suggestProfiles(
  reader: Reader,
  list: ListQuery,
  by: Searcher,
): Promise<Candidates<ProfileSummaryBody>> {
  const reachable = sql<boolean>`profiles.email <> ''`;
  const fields = profileFields(reader);
  const found = await findProfiles(reader, list, sql<boolean>`${reachable} and ${condition(fields, list, by)}`);
  if (found.length > 0) return cut(found, list);
  const domains = list.terms.map(companyDomain).filter((domain) => domain !== null);
  if (domains.length === 0) return { count: 0, results: [] };
  const sameCompany = domains.map((domain) => verifiedDomainCondition(reader, domain));
  return cut(await findProfiles(reader, list, sql<boolean>`(${sql.join(sameCompany, sql` or `)})`), list);
}

/** Finds users to complete what somebody types. */
export async function suggestUsers(reader: Reader, list: ListQuery, by: Searcher): Promise<Candidates<UserSummary>> {
  const users = await findUsers(reader, list, by, sql<boolean>`true`);
  return cut(users.map(presentUserSummary), list);
}

/** Finds profiles, and users who have none; each half counts for itself, and one with too many vanishes. */
export async function suggestAccounts(
  reader: Reader,
  list: ListQuery,
  by: Searcher,
): Promise<Candidates<ProfileSummaryBody>> {
  const profiles = cut(await findProfiles(reader, list, condition(profileFields(reader), list, by)), list);
  const noProfile = sql<boolean>`not exists (select from profiles p where p.personal_user_id = users.id)`;
  const users = cut(await findUsers(reader, list, by, noProfile), list);
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

function limitOf(list: ListQuery): number {
  return Math.max(CANDIDATES_MAX, list.terms.length);
}

function cut<T>(rows: T[], list: ListQuery): Candidates<T> {
  return rows.length > limitOf(list) ? { count: 0, results: [] } : { count: rows.length, results: rows };
}

async function findProfiles(
  reader: Reader,
  list: ListQuery,
  where: RawBuilder<boolean>,
): Promise<ProfileSummaryBody[]> {
  let query = selectProfileViews(reader)
    .where('profiles.is_active', '=', true)
    .where('profiles.is_processor', '=', false)
    .where(where);
  if (list.start_at) query = query.where('profiles.created_at', '>=', list.start_at);
  if (list.ends_at) query = query.where('profiles.created_at', '<', list.ends_at);
  for (const { field, descending } of list.order) {
    const [, column] = Object.entries(profileSort).find(([name]) => name === field) ?? [];
    if (column) query = query.orderBy(column, descending ? 'desc' : 'asc');
  }
  const rows = await query
    .orderBy('profiles.full_name')
    .orderBy('profiles.id')
    .limit(limitOf(list) + 1)
    .execute();
  return rows.map((row) => presentProfileSummary(summarizeProfile(toProfileView(row))));
}

async function findUsers(reader: Reader, list: ListQuery, by: Searcher, where: RawBuilder<boolean>) {
  let query = selectUsers(reader)
    .where('users.is_active', '=', true)
    .where(sql<boolean>`${condition(userFields, list, by)} and ${where}`);
  if (list.start_at) query = query.where('users.created_at', '>=', list.start_at);
  if (list.ends_at) query = query.where('users.created_at', '<', list.ends_at);
  for (const { field, descending } of list.order) {
    const [, column] = Object.entries(userSort).find(([name]) => name === field) ?? [];
    if (column) query = query.orderBy(column, descending ? 'desc' : 'asc');
  }
  return query
    .orderBy('users.full_name')
    .orderBy('users.id')
    .limit(limitOf(list) + 1)
    .execute();
}

/**
 * The condition that any term occurs in any field asked for.
 *
 * Why addresses match as a whole only, and short terms not at all, for people who sell nothing: typing letter by letter
 * would read out the addresses of everybody on the site.
 */
function condition(fields: Fields, list: ListQuery, by: Searcher): RawBuilder<boolean> {
  const terms = by.is_seller ? list.terms : list.terms.filter((term) => [...term].length >= TERM_LENGTH_MIN);
  if (terms.length === 0) return by.is_seller ? sql<boolean>`true` : sql<boolean>`false`;
  const asked = list.fields.flatMap((name) => (Object.hasOwn(fields, name) ? (fields[name] ?? []) : []));
  const searched = asked.length > 0 ? asked : Object.values(fields);
  const matches = terms.flatMap((term) =>
    searched.map(({ column, kind }) =>
      kind === 'name' || by.is_seller
        ? sql<boolean>`${column} ilike ${`%${term.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`}`
        : sql<boolean>`lower(${column}) = ${term.toLowerCase()}`,
    ),
  );
  return sql<boolean>`(${sql.join(matches, sql` or `)})`;
}
