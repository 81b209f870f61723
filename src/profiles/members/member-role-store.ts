import { selectUsers, type User, userPart } from '#accounts';
import { canonicalName } from '#kernel/slug';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { part, readTogether } from '#platform/db/together';
import {
  openRole,
  parseRoleSlugs,
  pickTypeInUrl,
  profileSummaryPart,
  type ProfileSummary,
  type Role,
  type RoleType,
  selectProfileSummaries,
  selectUsableTypes,
  summarizeProfile,
} from '../records/index.ts';

/** What the path of a role names: each member is undefined when it does not exist. */
export interface NamedRole {
  type: RoleType | undefined;
  user: User | undefined;
  /** The role of the user on the profile, of any type. */
  role: Role | undefined;
  profile: ProfileSummary | undefined;
}

const read = readTogether((reader, profile_id: ProfileId, slugs: readonly string[], username: string) => {
  const users = selectUsers(reader).where('users.username', '=', username);
  const roles = reader
    .selectFrom('roles')
    .innerJoin(users.as('member'), 'member.id', 'roles.user_id')
    .selectAll('roles')
    .where('roles.profile_id', '=', profile_id);
  return {
    types: part(selectUsableTypes(reader, profile_id, slugs), { created_at: true }),
    users: userPart(users),
    roles: part(roles, { created_at: true, accepted_at: true, key_expires_at: true, last_notified_at: true }),
    profiles: profileSummaryPart(selectProfileSummaries(reader).where('profiles.id', '=', profile_id)),
  };
});

/** Reads the type, the user and the role that a path names on a profile, in one statement. */
export async function readNamedRole(
  reader: Reader,
  profile_id: ProfileId,
  named: { role: string; user: string },
): Promise<NamedRole> {
  const found = await read(reader, profile_id, parseRoleSlugs(named.role), canonicalName(named.user));
  const [role] = found.roles;
  const [profile] = found.profiles;
  return {
    type: pickTypeInUrl(found.types, named.role),
    user: found.users[0],
    role: role && openRole(role),
    profile: profile && summarizeProfile(profile),
  };
}
