import { commonProblems } from '#kernel/problem';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { findProfileById, type Profile } from '#profiles';

/** @throws not_found (404) */
export async function getProfileById(reader: Reader, id: ProfileId): Promise<Profile> {
  const profile = await findProfileById(reader, id);
  if (!profile) throw commonProblems.not_found();
  return profile;
}
