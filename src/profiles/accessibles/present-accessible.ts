import type { Static } from 'typebox';
import { findUserById } from '#accounts';
import type { Context } from '#platform/context';
import type { UserId } from '#platform/db/db-schema';
import { mergeReads } from '#platform/db/merge-reads';
import type { Subject } from '#platform/http/guards/access';
import { paths } from '#platform/http/paths';
import { extraFromText } from '#platform/http/schemas';
import {
  findProfilesByIds,
  findProfileSummaries,
  findRoleTypesOf,
  MANAGER,
  presentProfileSummary,
  type Profile,
  type ProfileSummary,
  type Role,
  type RoleType,
} from '../records/index.ts';
import { presentRoleType } from '../role-types/index.ts';
import type { AccessibleSchema } from './schemas.ts';

export type AccessibleBody = Static<typeof AccessibleSchema>;

/** Presents the roles of one user, with one statement for any number of roles. */
export async function presentAccessibles(
  ctx: Context,
  user_id: UserId,
  roles: readonly Role[],
  subject: Subject,
): Promise<AccessibleBody[]> {
  const profile_ids = roles.map((role) => role.profile_id);
  // A local type belongs to the profile of the role.
  const [user, types, profiles, summaries] = await mergeReads(ctx.db, [
    (together) => findUserById(together, user_id),
    (together) => findRoleTypesOf(together, roles),
    (together) => findProfilesByIds(together, profile_ids),
    (together) => findProfileSummaries(together, profile_ids),
  ]);
  const username = user?.username ?? '';
  return roles.flatMap((role) => {
    const profile = profiles.get(role.profile_id);
    const summary = summaries.get(role.profile_id);
    if (!profile || !summary) return [];
    const type = role.role_type_id === null ? undefined : types.get(role.role_type_id);
    const owner = type?.profile_id ? summaries.get(type.profile_id) : undefined;
    return presentAccessible(ctx, { username, role, profile, summary, type, owner }, subject);
  });
}

/** A role with its profile and its type; `owner` is the profile of a local type. */
export interface Accessible {
  username: string;
  role: Role;
  profile: Pick<Profile, 'slug' | 'is_provider'>;
  summary: ProfileSummary;
  type: RoleType | undefined;
  owner: ProfileSummary | undefined;
}

/** Presents one role to its user. */
export function presentAccessible(
  ctx: Context,
  { username, role, profile, summary, type, owner }: Accessible,
  subject: Subject,
): AccessibleBody {
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
}

function settingsPath(profile: Pick<Profile, 'slug' | 'is_provider'>): string {
  return profile.is_provider ? paths.dashboard(profile.slug) : paths.profile(profile.slug);
}
