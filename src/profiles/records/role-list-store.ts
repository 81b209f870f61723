import { type Expression, type RawBuilder, sql } from 'kysely';
import { selectUsers } from '#accounts';
import type { ListQuery, Page } from '#kernel/page';
import type { ProfileId, RoleTypeId, UserId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { defineList, listPage } from '#platform/db/list';
import { mergeReads } from '#platform/db/merge-reads';
import type { RoleStatus } from './role-status.ts';
import { activeRoleCondition, openRole } from './role-store.ts';
import type { RoleType } from './role-type.ts';
import type { Role } from './role.ts';

export interface CountedPage<T> extends Page<T> {
  /** Counts of the whole list, before search, status and paging are applied. */
  invited_count: number;
  requested_count: number;
}

const columns = [
  'roles.id',
  'roles.user_id',
  'roles.profile_id',
  'roles.role_type_id',
  'roles.grant_key',
  'roles.request_key',
  'roles.key_expires_at',
  'roles.invited_email',
  'roles.accepted_at',
  'roles.last_notified_at',
  'roles.created_at',
  'roles.extra',
] as const;

/** E-mail address for searches; null if `mayReadMemberEmail` in members/present-member.ts hides it from a manager. */
const knownEmail = sql<string>`case when roles.grant_key is null or roles.invited_email is not null then member.email end`;

export const roleList = defineList({
  search: {
    user: 'member.username',
    user__full_name: 'member.full_name',
    user__email: knownEmail,
    role: 'role_types.slug',
    role__title: 'role_types.title',
  },
  sort: {
    // All rows have the same profile.
    profile__full_name: 'roles.profile_id',
    user: 'member.username',
    username: 'member.username',
    user__full_name: 'member.full_name',
    full_name: 'member.full_name',
    role__title: 'role_types.title',
    grant_key: 'roles.grant_key',
    request_key: 'roles.request_key',
    created_at: 'roles.created_at',
  },
  default_order: [
    { column: 'roles.created_at', descending: true },
    { column: 'member.username', descending: false },
  ],
  tie_breaker: 'roles.id',
  date: 'roles.created_at',
});

/**
 * Lists the roles, invitations and requests on a profile. With a type: the roles and invitations of that type and every
 * request, so that managers find a request that names no type in the list of any type.
 */
export async function listRoles(
  reader: Reader,
  on: { profile_id: ProfileId; role_type_id: RoleTypeId | Expression<RoleTypeId> | null; without_pending: boolean },
  list: ListQuery,
  url: URL,
  status: readonly RoleStatus[],
): Promise<CountedPage<Role>> {
  let query = reader
    .selectFrom('roles')
    .innerJoin(selectUsers(reader).as('member'), 'member.id', 'roles.user_id')
    .leftJoin('role_types', 'role_types.id', 'roles.role_type_id')
    .select(columns)
    .where('roles.profile_id', '=', on.profile_id)
    .where(statusIn(status));
  const { role_type_id } = on;
  if (role_type_id !== null) {
    query = query.where((eb) =>
      eb.or([eb('roles.role_type_id', '=', role_type_id), eb('roles.request_key', 'is not', null)]),
    );
  }
  const [counted, page] = await mergeReads(reader, [
    (together) => countPending(together, sql`roles.profile_id = ${on.profile_id}`, role_type_id),
    (together) => listPage(together, query, roleList, list, url),
  ]);
  const pending = on.without_pending ? { invited_count: 0, requested_count: 0 } : counted;
  return { ...pending, ...openRoles(page) };
}

/** A search matches the address of a profile only for roles in effect; invitations and requests do not show it. */
const sharedEmail = sql<string>`case when ${activeRoleCondition()} then profiles.email end`;

function openRoles(page: Page<Role>): Page<Role> {
  return { ...page, results: page.results.map(openRole) };
}

export const accessibleList = defineList({
  search: {
    profile: 'profiles.slug',
    slug: 'profiles.slug',
    profile__full_name: 'profiles.full_name',
    full_name: 'profiles.full_name',
    profile__email: sharedEmail,
    role: 'role_types.slug',
    role__title: 'role_types.title',
  },
  sort: {
    // All rows have the same user.
    user: 'roles.user_id',
    user__full_name: 'roles.user_id',
    profile__full_name: 'profiles.full_name',
    full_name: 'profiles.full_name',
    slug: 'profiles.slug',
    role__title: 'role_types.title',
    grant_key: 'roles.grant_key',
    request_key: 'roles.request_key',
    created_at: 'roles.created_at',
  },
  default_order: [{ column: 'profiles.full_name', descending: false }],
  tie_breaker: 'roles.id',
  date: 'roles.created_at',
});

/** Lists the roles, invitations and requests of a user, by profile. */
export async function listAccessibles(
  reader: Reader,
  of: { user_id: UserId; role_slug: string | null },
  list: ListQuery,
  url: URL,
  status: readonly RoleStatus[],
): Promise<CountedPage<Role>> {
  let query = reader
    .selectFrom('roles')
    .innerJoin('profiles', 'profiles.id', 'roles.profile_id')
    .leftJoin('role_types', 'role_types.id', 'roles.role_type_id')
    .select(columns)
    .where('roles.user_id', '=', of.user_id)
    .where('profiles.is_active', '=', true)
    .where(statusIn(status));
  if (of.role_slug !== null) query = query.where('role_types.slug', '=', of.role_slug);
  const [pending, page] = await mergeReads(reader, [
    (together) => countPending(together, sql`roles.user_id = ${of.user_id}`, null),
    (together) => listPage(together, query, accessibleList, list, url),
  ]);
  return { ...pending, ...openRoles(page) };
}

/** Finds at most `row_max` roles of a user in one state, in the order of the names of the profiles. */
export async function findRolesInState(
  reader: Reader,
  of: { user_id: UserId; status: RoleStatus; text?: string },
  row_max: number,
): Promise<Role[]> {
  const rows = await reader
    .selectFrom('roles')
    .innerJoin('profiles', 'profiles.id', 'roles.profile_id')
    .select(columns)
    .where('roles.user_id', '=', of.user_id)
    .where('profiles.is_active', '=', true)
    .where(statusIn([of.status]))
    .$if(of.text !== undefined && of.text !== '', (query) =>
      query.where(sql<boolean>`position(lower(${of.text}) in lower(profiles.full_name || ' ' || profiles.slug)) > 0`),
    )
    .orderBy('profiles.full_name')
    .orderBy('roles.id')
    .limit(row_max)
    .execute();
  return rows.map(openRole);
}

export const roleTypeList = defineList({
  search: { slug: 'role_types.slug', title: 'role_types.title' },
  sort: { slug: 'role_types.slug', title: 'role_types.title', created_at: 'role_types.created_at' },
  default_order: [{ column: 'role_types.slug', descending: false }],
  tie_breaker: 'role_types.id',
});

/** Lists the role types that a profile can use: the global types and its own. */
export async function listRoleTypes(
  reader: Reader,
  profile_id: ProfileId,
  list: ListQuery,
  url: URL,
): Promise<Page<RoleType>> {
  const query = reader
    .selectFrom('role_types')
    .selectAll()
    .where((eb) => eb.or([eb('profile_id', 'is', null), eb('profile_id', '=', profile_id)]));
  return listPage(reader, query, roleTypeList, list, url);
}

function statusIn(status: readonly RoleStatus[]) {
  const conditions = {
    active: activeRoleCondition(),
    invited: sql<boolean>`roles.grant_key is not null`,
    requested: sql<boolean>`roles.request_key is not null`,
  };
  if (status.length === 0) return sql<boolean>`false`;
  return sql<boolean>`(${sql.join(
    status.map((each) => conditions[each]),
    sql` or `,
  )})`;
}

async function countPending(
  reader: Reader,
  where: RawBuilder<unknown>,
  role_type_id: RoleTypeId | Expression<RoleTypeId> | null,
): Promise<{ invited_count: number; requested_count: number }> {
  const { rows } = await sql<{ invited_count: number; requested_count: number }>`
    select
      count(*) filter (where grant_key is not null and ${role_type_id === null ? sql`true` : sql`role_type_id = ${role_type_id}`}) as invited_count,
      count(*) filter (where request_key is not null) as requested_count
    from roles where ${where}`.execute(reader);
  return rows[0] ?? { invited_count: 0, requested_count: 0 };
}
