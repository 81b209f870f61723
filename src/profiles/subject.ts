import { commonProblems } from '#kernel/problem';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import type { Subject } from '#platform/http/guards/access';

/** The profile of the path; the guard of the route found it. */
export function profileOf(subject: Subject): ProfileId {
  if (subject.profile_id === null) throw new Error('the route is not guarded by the profile of its path');
  return subject.profile_id;
}

/** The user of the path. @throws not_found (404) for a person without login, whom broker people may look at elsewhere */
export function userOf(subject: Subject): UserId {
  if (subject.user_id === null) throw commonProblems.not_found();
  return subject.user_id;
}

/** Reads a flag of a query string. */
export function parseFlag(text: string | undefined): boolean {
  return ['1', 'true', 'yes', 'on'].includes(text?.toLowerCase() ?? '');
}
