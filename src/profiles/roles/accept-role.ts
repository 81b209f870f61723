import { findUserById, type User } from '#accounts';
import type { Context } from '#platform/context';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import { inTransaction, type Reader, type Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { actorId } from '#platform/actor-id';
import { roleGrantAccepted } from '../events.ts';
import { profileProblems } from '../problems.ts';
import {
  findRole,
  findRoleByGrantKey,
  findRoleTypesByIds,
  getManagerType,
  lockProfile,
  lockRole,
  type Profile,
  refuseAcceptance,
  type Role,
  roleState,
  updateRole,
} from '../records/index.ts';
import { emailUnverifiedProblem, withVerificationSent } from './email-unverified.ts';

/**
 * Accepts an invitation. Only the invited user can accept, once: the key is invalid for other users.
 *
 * @throws role_key_unknown (404) · role_acceptance_personal, email_unverified (403)
 */
export async function acceptRole(ctx: Context, user_id: UserId, grant_key: string): Promise<Role> {
  if (actorId(ctx) !== user_id) throw profileProblems.role_acceptance_personal();
  const accept = async (tx: Tx) => {
    const found = await findRoleByGrantKey(tx, grant_key);
    const user = await findUserById(tx, user_id);
    if (!found || !user) throw profileProblems.role_key_unknown();
    await lockProfile(tx, found.profile_id);
    const role = await lockRole(tx, found.profile_id, found.user_id);
    // Between look-up and lock, the invitation may have been accepted, renewed or revoked.
    if (role?.grant_key !== grant_key) throw profileProblems.role_key_unknown();
    return acceptLockedRole(ctx, tx, role, user);
  };
  return withVerificationSent(ctx, () => inTransaction(ctx.db, accept));
}

/** Accepts an invitation whose row the caller has locked. */
export async function acceptLockedRole(ctx: Context, tx: Tx, role: Role, user: User): Promise<Role> {
  const at = ctx.clock.now();
  const refusal = refuseAcceptance(role, user, at);
  if (refusal === 'email_unverified') throw emailUnverifiedProblem(user, role.invited_email);
  if (refusal) throw profileProblems[refusal]();
  const accepted = await updateRole(tx, role.id, {
    grant_key: null,
    key_expires_at: null,
    invited_email: null,
    accepted_at: at,
  });
  const type =
    accepted.role_type_id === null
      ? undefined
      : (await findRoleTypesByIds(tx, [accepted.role_type_id])).get(accepted.role_type_id);
  await emit(
    tx,
    roleGrantAccepted({
      role_id: role.id,
      profile_id: role.profile_id,
      user_id: role.user_id,
      role_type: type?.slug ?? null,
      message: null,
      originated_by: actorId(ctx),
    }),
    at,
  );
  return accepted;
}

/**
 * Accepts the invitation of the caller to manage a profile, in the transaction of another verb. Returns false if the
 * caller has no such invitation.
 *
 * @throws email_unverified (403)
 */
export async function acceptInvitedManager(ctx: Context, tx: Tx, profile_id: ProfileId): Promise<boolean> {
  const user_id = actorId(ctx);
  const user = user_id === null ? undefined : await findUserById(tx, user_id);
  if (!user) return false;
  await lockProfile(tx, profile_id);
  const role = await lockRole(tx, profile_id, user.id);
  const type = await getManagerType(tx);
  if (!role || role.role_type_id !== type.id || roleState(role, ctx.clock.now()) !== 'invited') return false;
  await acceptLockedRole(ctx, tx, role, user);
  return true;
}

/**
 * True if a user is invited to manage a profile.
 *
 * @throws email_unverified (403) if the profile waits for the owner of an address that the user has not verified
 */
export async function mayBecomeManager(
  reader: Reader,
  { profile, user_id, at }: { profile: Profile; user_id: UserId; at: Date },
): Promise<boolean> {
  const user = await findUserById(reader, user_id);
  if (user && profile.invited_email !== null && profile.invited_email.toLowerCase() === user.email?.toLowerCase()) {
    throw emailUnverifiedProblem(user, profile.invited_email);
  }
  const role = await findRole(reader, profile.id, user_id);
  const type = await getManagerType(reader);
  return role?.role_type_id === type.id && roleState(role, at) === 'invited';
}
