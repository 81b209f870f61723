import { commonProblems } from '#kernel/problem';
import type { Context } from '#platform/context';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import { paths } from '#platform/http/paths';
import { inTransaction, type Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import type { Subject } from '#platform/http/guards/access';
import { actorId } from '#platform/actor-id';
import type { UndoForm } from '#platform/pages/flash';
import { offerUndo } from '#platform/pages/undo/offer-undo';
import { roleRevoked } from '../events.ts';
import { mayRemoveLastManager, mayRemoveOwner } from '../policy.ts';
import { profileProblems } from '../problems.ts';
import {
  deleteRole,
  findManagerIds,
  isPending,
  lockProfile,
  lockRole,
  MANAGER,
  type Profile,
  type Role,
} from '../records/index.ts';
import { roleRevocationUndo } from './undo-revocation.ts';

/**
 * Deletes the role, the invitation or the request of a user on a profile, of any type. Does nothing if there is none.
 * With `offers_undo`, a removed role in effect can be undone for 60 seconds; a caller who left cannot come back so.
 *
 * Locks: the row of the profile, so that two managers cannot remove each other concurrently.
 * @throws last_manager (409) · permission_denied (403) for the user of a personal profile
 */
export async function revokeRole(
  ctx: Context,
  profile_id: ProfileId,
  user_id: UserId,
  subject: Subject,
  options: { offers_undo?: boolean } = {},
): Promise<{ undo: UndoForm | null }> {
  return inTransaction(ctx.db, async (tx) => {
    const profile = await lockProfile(tx, profile_id);
    const role = await lockRole(tx, profile_id, user_id);
    if (!role) return { undo: null };
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
    return { undo: options.offers_undo === true ? await offerRestoration(ctx, tx, profile, role) : null };
  });
}

async function offerRestoration(ctx: Context, tx: Tx, profile: Profile, role: Role): Promise<UndoForm | null> {
  if (isPending(role) || role.role_type_id === null || role.user_id === actorId(ctx)) return null;
  return offerUndo(ctx, tx, roleRevocationUndo, {
    profile_id: profile.id,
    profile_slug: profile.slug,
    user_id: role.user_id,
    role_type_id: role.role_type_id,
    accepted_at: role.accepted_at?.toISOString() ?? null,
    created_at: role.created_at.toISOString(),
    extra: role.extra,
  });
}
