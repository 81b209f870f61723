import { findProfileById } from '#profiles';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import type { Subject } from '#platform/http/guards/access';

/** Returns the id of the provider in the path. */
export function getProviderId(subject: Subject): ProfileId {
  if (subject.profile_id === null) throw new Error('the access of this route requires a profile');
  return subject.profile_id;
}

/** Returns the time zone in which dates of a provider without an offset are parsed; UTC for an unknown profile. */
export async function findTimezone(ctx: Context, id: ProfileId): Promise<string> {
  return (await findProfileById(ctx.db, id))?.default_timezone ?? 'UTC';
}
