import type { Static } from 'typebox';
import { findUsersByIds, printableName, type User } from '#accounts';
import type { Context } from '#platform/context';
import type { Reader } from '#platform/db/database';
import type { ProfileId, RoleTypeId, UserId } from '#platform/db/db-schema';
import { mergeReads } from '#platform/db/merge-reads';
import type { Subject } from '#platform/http/guards/access';
import { paths } from '#platform/http/paths';
import { extraFromText } from '#platform/http/schemas';
import { maySeeMembersInFull } from '../policy.ts';
import {
  findProfileSummaries,
  findRoleTypesOf,
  MANAGER,
  type ProfileSummary,
  type Role,
  type RoleType,
} from '../records/index.ts';
import { presentRoleType } from '../role-types/index.ts';
import type { MemberSchema, RoleByProfileSchema } from './schemas.ts';

export type RoleByProfileBody = Static<typeof RoleByProfileSchema>;

/** Presents roles to their profiles, with one statement for any number of roles. */
export async function presentRolesByProfile(
  ctx: Context,
  profile: string | ((role: Role) => string),
  roles: readonly Role[],
  subject: Subject,
): Promise<RoleByProfileBody[]> {
  return presentNamedRoles(ctx, profile, roles, subject, await findRoleNames(ctx.db, roles));
}

/** The rows that roles refer to. */
export interface RoleNames {
  users: ReadonlyMap<UserId, User>;
  types: ReadonlyMap<RoleTypeId, RoleType>;
  profiles: ReadonlyMap<ProfileId, ProfileSummary>;
}

/** Finds the users, types and profiles of roles in one statement. A local type belongs to the profile of the role. */
export async function findRoleNames(reader: Reader, roles: readonly Role[]): Promise<RoleNames> {
  const user_ids = roles.map((role) => role.user_id);
  const profile_ids = roles.map((role) => role.profile_id);
  const [users, types, profiles] = await mergeReads(reader, [
    (together) => findUsersByIds(together, user_ids),
    (together) => findRoleTypesOf(together, roles),
    (together) => findProfileSummaries(together, profile_ids),
  ]);
  return { users, types, profiles };
}

/** Presents roles with the rows that they refer to. */
export function presentNamedRoles(
  ctx: Context,
  profile: string | ((role: Role) => string),
  roles: readonly Role[],
  subject: Subject,
  { users, types, profiles }: RoleNames,
): RoleByProfileBody[] {
  return roles.flatMap((role) => {
    const user = users.get(role.user_id);
    if (!user) return [];
    const type = role.role_type_id === null ? undefined : types.get(role.role_type_id);
    const profile_slug = typeof profile === 'string' ? profile : profile(role);
    const owner = type?.profile_id ? profiles.get(type.profile_id) : undefined;
    return presentRoleByProfile(ctx, { role, user, type, owner, profile_slug }, subject);
  });
}

/** A role with its user and its type; `owner` is the profile of a local type. */
export interface MemberRole {
  role: Role;
  user: User;
  type: RoleType | undefined;
  owner: ProfileSummary | undefined;
  profile_slug: string;
}

/** Presents one role to its profile. */
export function presentRoleByProfile(
  ctx: Context,
  { role, user, type, owner, profile_slug }: MemberRole,
  subject: Subject,
): RoleByProfileBody {
  const role_slug = type?.slug ?? MANAGER;
  return {
    created_at: role.created_at.toISOString(),
    user: presentMember(user, {
      in_full: maySeeMembersInFull(subject),
      shows_email: mayReadMemberEmail(role, subject),
    }),
    extra: extraFromText(role.extra),
    grant_key: role.grant_key,
    request_key: role.request_key,
    role_description: type ? presentRoleType(type, owner, subject) : null,
    accept_request_api_url: role.request_key === null ? null : ctx.origin + paths.apiRole(profile_slug, role_slug),
    remove_api_url: ctx.origin + paths.apiRole(profile_slug, role_slug, user.username),
  };
}

/**
 * True if the caller may read the e-mail address of a member: the invitation was sent to that address, the role is in
 * effect, or the caller manages the broker. The address of a user who was invited by username stays hidden until
 * acceptance. Otherwise a caller could collect the addresses of all users by inviting them.
 */
function mayReadMemberEmail({ grant_key, invited_email }: Role, { relation }: Subject): boolean {
  return grant_key === null || invited_email !== null || relation === 'broker';
}

function presentMember(
  user: User,
  { shows_email, ...seen }: { in_full: boolean; shows_email: boolean },
): Static<typeof MemberSchema> {
  const in_full = seen.in_full && shows_email;
  return {
    slug: user.username,
    username: user.username,
    printable_name: printableName(user),
    picture: user.picture,
    email: shows_email ? user.email : null,
    phone: in_full ? user.phone : null,
    full_name: user.full_name,
    nick_name: user.nick_name,
    lang: user.lang,
    credentials: in_full ? user.has_password : null,
    otp_enabled: in_full ? user.otp_enabled : null,
    created_at: user.created_at.toISOString(),
    last_login: in_full ? (user.last_login_at?.toISOString() ?? null) : null,
    email_code: null,
    phone_code: null,
  };
}
