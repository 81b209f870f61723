import type { Expression } from 'kysely';
import { activeRoleCondition, findProfileSummaries, presentProfileSummary, type Role } from '../records/index.ts';
import type { ProfileSummaryBody } from '../schemas.ts';
import { presentRolesByProfile, type RoleByProfileBody } from './present-member.ts';
import { findUsersByIds, selectUsers } from '#accounts';
import type { ListQuery, Page } from '#kernel/page';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { defineList, listPage } from '#platform/db/list';
import type { Context } from '#platform/context';
import type { Subject } from '#platform/http/guards/access';

/** When somebody was last seen: from one instant (inclusive) to another (exclusive). */
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

/** Lists the roles in effect on some profiles whose user signed in within a time. `profiles` is a query of their ids. */
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
  return listPage(query, memberSeenList, list, url);
}

/** The ids of all profiles on which somebody with a role signed in within a time, as a query. */
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

export type MemberSeenBody = RoleByProfileBody & { profile: ProfileSummaryBody };

/** Presents roles on several profiles to who sells to these: names and last sign-ins, no phone numbers. */
export async function presentMembersSeen(
  ctx: Context,
  roles: readonly Role[],
  subject: Subject,
): Promise<MemberSeenBody[]> {
  const profiles = await findProfileSummaries(
    ctx.db,
    roles.map((role) => role.profile_id),
  );
  const users = await findUsersByIds(
    ctx.db,
    roles.map((role) => role.user_id),
  );
  const known = roles.filter((role) => profiles.has(role.profile_id) && users.has(role.user_id));
  const slugOf = (role: Role) => profiles.get(role.profile_id)?.slug ?? '';
  const presented = await presentRolesByProfile(ctx, slugOf, known, { ...subject, relation: 'provider' });
  return known.flatMap((role, index) => {
    const [body, profile] = [presented[index], profiles.get(role.profile_id)];
    if (!body || !profile) return [];
    const last_login = users.get(role.user_id)?.last_login_at?.toISOString() ?? null;
    return { ...body, user: { ...body.user, last_login }, profile: presentProfileSummary(profile) };
  });
}
