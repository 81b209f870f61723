import { selectUsers } from '#accounts';
import { canonicalName } from '#kernel/slug';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { part, readTogether } from '#platform/db/together';
import { openRole, profileSummaryPart, selectProfileSummaries, summarizeProfile } from '../records/index.ts';
import type { Accessible } from './present-accessible.ts';

const read = readTogether((reader, user_id: UserId, slug: string) => {
  const profiles = reader.selectFrom('profiles').select(['id', 'slug', 'is_provider']).where('slug', '=', slug);
  const roles = reader
    .selectFrom('roles')
    .innerJoin(profiles.as('named'), 'named.id', 'roles.profile_id')
    .where('roles.user_id', '=', user_id);
  const types = reader
    .selectFrom('role_types')
    .selectAll('role_types')
    .where('role_types.id', 'in', roles.select('roles.role_type_id'));
  const summaries = selectProfileSummaries(reader).where((eb) =>
    eb.or([
      eb('profiles.slug', '=', slug),
      eb('profiles.id', 'in', types.clearSelect().select('role_types.profile_id').$castTo<{ profile_id: ProfileId }>()),
    ]),
  );
  return {
    profiles: part(profiles, {}),
    roles: part(roles.selectAll('roles'), {
      created_at: true,
      accepted_at: true,
      key_expires_at: true,
      last_notified_at: true,
    }),
    types: part(types, { created_at: true }),
    summaries: profileSummaryPart(summaries),
    users: part(selectUsers(reader).clearSelect().select('users.username').where('users.id', '=', user_id), {}),
  };
});

/** Finds the role of a user on the profile of a slug with what its presentation shows, in one statement. */
export async function findAccessible(reader: Reader, user_id: UserId, slug: string): Promise<Accessible | undefined> {
  const found = await read(reader, user_id, canonicalName(slug));
  const [profile] = found.profiles;
  const [role] = found.roles;
  const [type] = found.types;
  const summaryOf = (id: ProfileId | null) => {
    const row = found.summaries.find((summary) => summary.id === id);
    return row && summarizeProfile(row);
  };
  const summary = profile && summaryOf(profile.id);
  if (!profile || !role || !summary) return undefined;
  const username = found.users[0]?.username ?? '';
  return { username, role: openRole(role), profile, summary, type, owner: summaryOf(type?.profile_id ?? null) };
}
