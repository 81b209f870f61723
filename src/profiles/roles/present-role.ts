import type { Static } from 'typebox';
import { findUsersByIds, printableName, type User } from '#accounts';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import type { Subject } from '#platform/http/guards/access';
import { paths } from '#platform/http/paths';
import { extraFromText } from '#platform/http/schemas';
import { mayEditRoleType, maySeeMembersInFull } from '../policy.ts';
import type { Profile } from '../profile.ts';
import { findProfilesByIds } from '../profile-store.ts';
import { presentProfileSummary, profileSummaries, type ProfileSummary } from '../profile-summary.ts';
import { MANAGER, type RoleType } from './role-type.ts';
import { findRoleTypesByIds } from './role-type-store.ts';
import type { AccessibleSchema, MemberSchema, RoleByProfileSchema, RoleTypeSchema } from './schemas.ts';
import type { Role } from './role.ts';

export type RoleTypeBody = Static<typeof RoleTypeSchema>;
export type RoleByProfileBody = Static<typeof RoleByProfileSchema>;
export type AccessibleBody = Static<typeof AccessibleSchema>;

export function presentRoleType(type: RoleType, owner: ProfileSummary | undefined, subject: Subject): RoleTypeBody {
  return {
    created_at: type.created_at.toISOString(),
    slug: type.slug,
    title: type.title,
    skip_optin_on_grant: type.skip_optin_on_grant,
    implicit_create_on_none: type.implicit_create_on_none,
    otp_required: type.otp_required,
    is_global: type.profile_id === null,
    profile: owner ? presentProfileSummary(owner) : null,
    extra: extraFromText(type.extra),
    editable: mayEditRoleType(subject, type),
  };
}

/** Presents types with the profiles that own the local ones, in one query. */
export async function presentRoleTypes(
  reader: Reader,
  types: readonly RoleType[],
  subject: Subject,
): Promise<RoleTypeBody[]> {
  const owners = await profileSummaries(reader, ownersOf(types));
  return types.map((type) =>
    presentRoleType(type, type.profile_id === null ? undefined : owners.get(type.profile_id), subject),
  );
}

function ownersOf(types: readonly RoleType[]): ProfileId[] {
  return types.map((type) => type.profile_id).filter((id) => id !== null);
}

/** Presents roles as their profiles see them, with three queries however many there are. */
export async function presentRolesByProfile(
  ctx: Context,
  profile: string | ((role: Role) => string),
  roles: readonly Role[],
  subject: Subject,
): Promise<RoleByProfileBody[]> {
  const users = await findUsersByIds(
    ctx.db,
    roles.map((role) => role.user_id),
  );
  const types = await typesOf(ctx.db, roles);
  const owners = await profileSummaries(ctx.db, ownersOf([...types.values()]));
  return roles.flatMap((role) => {
    const user = users.get(role.user_id);
    if (!user) return [];
    const type = role.role_type_id === null ? undefined : types.get(role.role_type_id);
    const role_slug = type?.slug ?? MANAGER;
    const profile_slug = typeof profile === 'string' ? profile : profile(role);
    const owner = type?.profile_id ? owners.get(type.profile_id) : undefined;
    return {
      created_at: role.created_at.toISOString(),
      user: presentMember(user, { in_full: maySeeMembersInFull(subject), is_known: knowsMember(role, subject) }),
      extra: extraFromText(role.extra),
      grant_key: role.grant_key,
      request_key: role.request_key,
      role_description: type ? presentRoleType(type, owner, subject) : null,
      accept_request_api_url: role.request_key === null ? null : ctx.origin + paths.apiRole(profile_slug, role_slug),
      remove_api_url: ctx.origin + paths.apiRole(profile_slug, role_slug, user.username),
    };
  });
}

/**
 * An address that the invitation was sent to is known to who sent it. Who was invited by name tells theirs by accepting:
 * the whole site could be asked for its addresses otherwise, one invitation each.
 */
function knowsMember({ grant_key, invited_email }: Role, { relation }: Subject): boolean {
  return grant_key === null || invited_email !== null || relation === 'broker';
}

function presentMember(
  user: User,
  { is_known, ...seen }: { in_full: boolean; is_known: boolean },
): Static<typeof MemberSchema> {
  const in_full = seen.in_full && is_known;
  return {
    slug: user.username,
    username: user.username,
    printable_name: printableName(user),
    picture: user.picture,
    email: is_known ? user.email : null,
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

/** Presents the roles of one user, with three queries however many there are. */
export async function presentAccessibles(
  ctx: Context,
  username: string,
  roles: readonly Role[],
  subject: Subject,
): Promise<AccessibleBody[]> {
  const profile_ids = roles.map((role) => role.profile_id);
  const types = await typesOf(ctx.db, roles);
  const profiles = await findProfilesByIds(ctx.db, profile_ids);
  const summaries = await profileSummaries(ctx.db, [...profile_ids, ...ownersOf([...types.values()])]);
  return roles.flatMap((role) => {
    const profile = profiles.get(role.profile_id);
    const summary = summaries.get(role.profile_id);
    if (!profile || !summary) return [];
    const type = role.role_type_id === null ? undefined : types.get(role.role_type_id);
    const owner = type?.profile_id ? summaries.get(type.profile_id) : undefined;
    return {
      created_at: role.created_at.toISOString(),
      request_key: role.request_key,
      profile: presentProfileSummary(summary),
      role_description: type ? presentRoleType(type, owner, subject) : null,
      home_url: ctx.origin + paths.app(profile.slug),
      settings_url: ctx.origin + settingsPath(profile),
      accept_grant_api_url:
        role.grant_key === null ? null : ctx.origin + paths.apiAccessiblesAccept(username, role.grant_key),
      remove_api_url: ctx.origin + paths.apiAccessible(username, type?.slug ?? MANAGER, profile.slug),
      extra: extraFromText(role.extra),
    };
  });
}

function settingsPath(profile: Pick<Profile, 'slug' | 'is_provider'>): string {
  return profile.is_provider ? paths.dashboard(profile.slug) : paths.profile(profile.slug);
}

async function typesOf(reader: Reader, roles: readonly Role[]): Promise<Map<RoleType['id'], RoleType>> {
  return findRoleTypesByIds(
    reader,
    roles.map((role) => role.role_type_id).filter((id) => id !== null),
  );
}
