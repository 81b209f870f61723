import { commonProblems } from '#kernel/problem';
import type { Context } from '#platform/context';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import { paths } from '#platform/http/paths';
import { inTransaction } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import type { Subject } from '#platform/http/guards/access';
import { actorId } from '#platform/actor-id';
import { roleRevoked } from '../events.ts';
import { mayRemoveLastManager, mayRemoveOwner } from '../policy.ts';
import { profileProblems } from '../problems.ts';
import { deleteRole, findManagerIds, lockProfile, lockRole, MANAGER } from '../records/index.ts';

/**
 * Deletes the role, the invitation or the request of a user on a profile, of any type. Does nothing if there is none.
 *
 * Locks: the row of the profile, so that two managers cannot remove each other concurrently.
 * @throws last_manager (409) · permission_denied (403) for the user of a personal profile
 */
export async function revokeRole(
  ctx: Context,
  profile_id: ProfileId,
  user_id: UserId,
  subject: Subject,
): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    const profile = await lockProfile(tx, profile_id);
    const role = await lockRole(tx, profile_id, user_id);
    if (!role) return;
    if (!mayRemoveOwner(subject, { profile, user_id, actor_id: actorId(ctx) })) {
      throw commonProblems.permission_denied({ detail: 'Only the user can leave the personal profile.' });
    }
    const managers = await findManagerIds(tx, profile_id);
    const isLast = managers.length === 1 && managers[0] === user_id;
    if (isLast && !mayRemoveLastManager(subject, profile_id, ctx.site.broker_id)) {
      throw profileProblems.last_manager({ location: paths.roles(profile.slug, MANAGER) });
    }
    await deleteRole(tx, role.id);
    const payload = { role_id: role.id, profile_id, user_id, originated_by: actorId(ctx) };
    await emit(tx, roleRevoked(payload), ctx.clock.now());
  });
}
