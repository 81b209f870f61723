import type { Expression } from 'kysely';
import { activeRoleCondition, type Role } from '../records/index.ts';
import { selectUsers } from '#accounts';
import type { ListQuery, Page } from '#kernel/page';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { defineList, listPage } from '#platform/db/list';

/** Period of the last sign-in of a member: `from` is inclusive, `to` is exclusive. */
export interface Seen {
  from: Date;
  to: Date;
}

export const memberSeenList = defineList({
  search: {
    user: 'member.username',
    username: 'member.username',
    user__full_name: 'member.full_name',
    full_name: 'member.full_name',
    user__email: 'member.email',
    email: 'member.email',
    slug: 'profiles.slug',
    profile: 'profiles.slug',
    profile__full_name: 'profiles.full_name',
    first_name: 'member.full_name',
    last_name: 'member.full_name',
  },
  sort: {
    first_name: 'member.full_name',
    last_name: 'member.full_name',
    profile: 'profiles.slug',
    profile__full_name: 'profiles.full_name',
    username: 'member.username',
    full_name: 'member.full_name',
    created_at: 'roles.created_at',
    last_login: 'member.last_login_at',
  },
  default_order: [
    { column: 'roles.created_at', descending: true },
    { column: 'member.username', descending: false },
  ],
  tie_breaker: 'roles.id',
});

/** Lists the roles in effect whose users signed in last within a period. `profiles` is a query of profile ids. */
export async function listMembersSeen(
  reader: Reader,
  on: { profiles: Expression<ProfileId>; seen: Seen },
  list: ListQuery,
  url: URL,
): Promise<Page<Role>> {
  const query = selectRolesSeen(reader, on.seen)
    .innerJoin('profiles', 'profiles.id', 'roles.profile_id')
    .selectAll('roles')
    .where('roles.profile_id', 'in', on.profiles);
  return listPage(reader, query, memberSeenList, list, url);
}

/** Selects the ids of the profiles that have a member whose last sign-in is within a period, as a query. */
export function selectProfilesSeen(reader: Reader, seen: Seen) {
  return selectRolesSeen(reader, seen).select('roles.profile_id');
}

function selectRolesSeen(reader: Reader, { from, to }: Seen) {
  return reader
    .selectFrom('roles')
    .innerJoin(selectUsers(reader).as('member'), 'member.id', 'roles.user_id')
    .where(activeRoleCondition())
    .where('member.last_login_at', '>=', from)
    .where('member.last_login_at', '<', to);
}
