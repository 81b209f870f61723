import { findHeldRoles, type HeldRole, MANAGER } from '#profiles';
import type { Context } from '#platform/context';
import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';

/** Profiles that the caller manages. */
export interface ManagedProfiles {
  managed: ReadonlySet<ProfileId>;
  /** True for managers of the broker and for jobs. */
  runs_site: boolean;
}

/** Finds the profiles that the caller manages now; none for a visitor. */
export async function findManagedProfiles(reader: Reader, ctx: Context): Promise<ManagedProfiles> {
  const { actor } = ctx;
  if (actor.kind === 'job') return { managed: new Set(), runs_site: true };
  if (actor.kind === 'anonymous') return { managed: new Set(), runs_site: false };
  return toManagedProfiles(await findHeldRoles(reader, actor.user_id), ctx);
}

/** Returns the profiles that the caller with these roles manages. */
export function toManagedProfiles(roles: readonly HeldRole[], ctx: Context): ManagedProfiles {
  const managed = new Set(roles.filter((role) => role.role_type === MANAGER).map((role) => role.profile_id));
  return { managed, runs_site: managed.has(ctx.site.broker_id) };
}
