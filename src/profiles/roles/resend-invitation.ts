import { findUserById } from '#accounts';
import type { Context } from '#platform/context';
import { randomKey40 } from '#platform/security/crypto';
import type { ProfileId, RoleTypeId, UserId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { profileProblems } from '../problems.ts';
import {
  findRoleTypesByIds,
  INVITATION_DAYS,
  lockProfile,
  lockRole,
  type Role,
  roleState,
  updateRole,
} from '../records/index.ts';
import { notifyGrantedUser } from './grant-role.ts';
import { notifyManagers } from './request-role.ts';

/**
 * Sends an invitation again, or the message about a role in effect. A lapsed invitation gets a new key. An invitation
 * that has not lapsed keeps its key, with extended validity.
 *
 * @throws role_unknown (404)
 */
export async function resendInvitation(
  ctx: Context,
  profile_id: ProfileId,
  role_type_id: RoleTypeId,
  user_id: UserId,
): Promise<Role> {
  return inTransaction(ctx.db, async (tx) => {
    await lockProfile(tx, profile_id);
    const role = await lockRole(tx, profile_id, user_id);
    const user = await findUserById(tx, user_id);
    if (!user || role?.role_type_id !== role_type_id) throw profileProblems.role_unknown();
    const type = (await findRoleTypesByIds(tx, [role_type_id])).get(role_type_id);
    const at = ctx.clock.now();
    const state = roleState(role, at);
    const key_expires_at = new Date(at.getTime() + INVITATION_DAYS * 86_400_000);
    const current =
      state === 'invited'
        ? await updateRole(tx, role.id, { key_expires_at })
        : state === 'lapsed'
          ? await updateRole(tx, role.id, { key_expires_at, grant_key: randomKey40() })
          : role;
    await notifyGrantedUser(ctx, tx, { role: current, user, role_type: type?.slug ?? null, message: null });
    return current;
  });
}

/**
 * Reminds the managers of a request, at most once per day.
 *
 * @throws role_unknown (404)
 */
export async function resendRequest(ctx: Context, profile_id: ProfileId, user_id: UserId): Promise<Role> {
  return inTransaction(ctx.db, async (tx) => {
    await lockProfile(tx, profile_id);
    const role = await lockRole(tx, profile_id, user_id);
    if (!role) throw profileProblems.role_unknown();
    const type =
      role.role_type_id === null
        ? undefined
        : (await findRoleTypesByIds(tx, [role.role_type_id])).get(role.role_type_id);
    if (role.request_key !== null) await notifyManagers(ctx, tx, role, type ?? null, null);
    return role;
  });
}
