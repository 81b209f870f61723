import { findProfileById } from '#profiles';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import type { Subject } from '#platform/http/guards/access';

/** Returns the id of the provider in the path, as the guard found it. */
export function getProviderId(subject: Subject): ProfileId {
  if (subject.profile_id === null) throw new Error('the access of this route requires a profile');
  return subject.profile_id;
}

/** Finds the time zone of a provider, in which dates without one are read; UTC for an unknown profile. */
export async function findTimezone(ctx: Context, id: ProfileId): Promise<string> {
  return (await findProfileById(ctx.db, id))?.default_timezone ?? 'UTC';
}
