import type { Context } from '#platform/context';
import type { Subject } from '#platform/http/guards/access';
import { presentProfileSummary, type Role } from '../records/index.ts';
import type { ProfileSummaryBody } from '../schemas.ts';
import { findRoleNames, presentNamedRoles, type RoleByProfileBody } from './present-member.ts';

export type MemberSeenBody = RoleByProfileBody & { profile: ProfileSummaryBody };

/** Presents roles on several profiles to a provider: names and last sign-ins, without phone numbers. */
export async function presentMembersSeen(
  ctx: Context,
  roles: readonly Role[],
  subject: Subject,
): Promise<MemberSeenBody[]> {
  const names = await findRoleNames(ctx.db, roles);
  const { profiles, users } = names;
  const complete = roles.filter((role) => profiles.has(role.profile_id) && users.has(role.user_id));
  const slugOf = (role: Role) => profiles.get(role.profile_id)?.slug ?? '';
  const presented = presentNamedRoles(ctx, slugOf, complete, { ...subject, relation: 'provider' }, names);
  return complete.flatMap((role, index) => {
    const [body, profile] = [presented[index], profiles.get(role.profile_id)];
    if (!body || !profile) return [];
    const last_login = users.get(role.user_id)?.last_login_at?.toISOString() ?? null;
    return { ...body, user: { ...body.user, last_login }, profile: presentProfileSummary(profile) };
  });
}
