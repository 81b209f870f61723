import { findProfileById } from '#profiles';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import type { Subject } from '#platform/http/guards/access';

/** The provider of the path, as the guard found it. */
export function providerOf(subject: Subject): ProfileId {
  if (subject.profile_id === null) throw new Error('the guard of this route names a profile');
  return subject.profile_id;
}

/** The zone in which a provider's dates are read. */
export async function timezoneOf(ctx: Context, id: ProfileId): Promise<string> {
  return (await findProfileById(ctx.db, id))?.default_timezone ?? 'UTC';
}
