import { commonProblems } from '#kernel/problem';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import type { Subject } from '#platform/http/guards/access';

/** Returns the profile of the path, which the guard of the route has found. */
export function getProfileId(subject: Subject): ProfileId {
  if (subject.profile_id === null) throw new Error('the guard of the route found no profile');
  return subject.profile_id;
}

/** Returns the user of the path. @throws not_found (404) for a contact without a login, which the broker may name */
export function getUserId(subject: Subject): UserId {
  if (subject.user_id === null) throw commonProblems.not_found();
  return subject.user_id;
}

/** Parses a flag of a query string: true for 1, true, yes and on. */
export function parseFlag(text: string | undefined): boolean {
  return ['1', 'true', 'yes', 'on'].includes(text?.toLowerCase() ?? '');
}
