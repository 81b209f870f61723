import { MANAGER, findHeldRoles } from '#profiles';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';

/** What a caller may touch: the profiles of which the caller is a manager. */
export interface Reach {
  managed: ReadonlySet<ProfileId>;
  /** Manages the broker; jobs do too. */
  runs_site: boolean;
}

export async function findReach(reader: Reader, ctx: Context): Promise<Reach> {
  const { actor } = ctx;
  if (actor.kind === 'job') return { managed: new Set(), runs_site: true };
  if (actor.kind === 'anonymous') return { managed: new Set(), runs_site: false };
  const roles = await findHeldRoles(reader, actor.user_id);
  const managed = new Set(roles.filter((role) => role.role_type === MANAGER).map((role) => role.profile_id));
  return { managed, runs_site: managed.has(ctx.site.broker_id) };
}
