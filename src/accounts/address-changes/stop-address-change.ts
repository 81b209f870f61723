import type { Context } from '#platform/context';
import { inTransaction, type Reader, type Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { networkOf } from '#platform/security/throttle';
import { deleteApiKeys, deleteSshKey } from '../credentials/index.ts';
import { userResetPassword } from '../events.ts';
import type { AccountsDeps } from '../hooks.ts';
import { accountsProblems } from '../problems.ts';
import { keyLimit } from '../rate-limits.ts';
import { endSessions } from '../sessions/index.ts';
import type { AccountsSettings } from '../settings.ts';
import {
  findUserByEmail,
  findUserById,
  isEmailVerified,
  lockCredentials,
  updateUserRow,
  type User,
} from '../identity/index.ts';
import { proveAddress, replaceAddress } from '../factors/index.ts';
import {
  findVerificationByKey,
  isKeyUsable,
  isVerificationKey,
  lockVerificationByKey,
  sendLink,
  voidStopLinksOf,
  voidVerificationsOf,
  type Verification,
} from '../verifications/index.ts';

/** A change of address that the owner of the former address can stop or undo. */
export interface StoppableChange {
  user: User;
  /** Address that the link was sent to. */
  address: string;
  /** True once the change was made; then it is undone. */
  is_made: boolean;
  /** Another user who has registered with the address since and not verified it; that user loses the address. */
  claimant: User | null;
}

/** Finds the change that a link stops, without consuming the link; null if the link is invalid. */
export async function findStoppableChange(
  ctx: Context,
  settings: AccountsSettings,
  key: string,
): Promise<StoppableChange | null> {
  await settings.throttle.take(keyLimit, networkOf(ctx.peer?.ip));
  if (!isVerificationKey(key)) return null;
  const verification = await findVerificationByKey(ctx.db, key);
  return verification ? findChange(ctx.db, verification, ctx.clock.now()) : null;
}

/**
 * Stops a change of address through the link sent to the former address, or undoes it within three days.
 *
 * The person who made the change had the password or a session. Therefore password, sessions, API keys and SSH key are
 * removed, and a link that sets a new password is sent to the address. No session is opened.
 * Locks: the user's row, then the verification.
 * @throws verification_unknown (404)
 */
export async function stopAddressChange(ctx: Context, { settings, hooks }: AccountsDeps, key: string): Promise<void> {
  const found = await findStoppableChange(ctx, settings, key);
  if (!found) throw accountsProblems.verification_unknown();
  const at = ctx.clock.now();
  await inTransaction(ctx.db, async (tx) => {
    await lockCredentials(tx, found.user.id);
    const verification = await lockVerificationByKey(tx, key);
    const change = verification ? await findChange(tx, verification, at) : null;
    if (!change) throw accountsProblems.verification_unknown();
    const { user, address } = change;
    if (change.claimant) await updateUserRow(tx, change.claimant.id, { email: null });
    const proof = { proved: { email: true, phone: false, otp: false }, session_id: null, knows_password: false };
    const owner = change.is_made
      ? await replaceAddress(tx, hooks, user, { channel: 'email', address }, proof, at)
      : await proveAddress(tx, hooks, user, proof, at);
    await removeCredentials(tx, owner, at);
    await sendLink(ctx, tx, settings, owner, 'recover', 'email');
    await emit(tx, userResetPassword({ user_id: user.id, how: 'removed' }), at);
  });
}

async function removeCredentials(tx: Tx, { id }: User, at: Date): Promise<void> {
  await updateUserRow(tx, id, { password_hash: null });
  await endSessions(tx, id, at);
  await deleteApiKeys(tx, id);
  await deleteSshKey(tx, id);
  await voidVerificationsOf(tx, id, at);
  await voidStopLinksOf(tx, id, at);
}

async function findChange(reader: Reader, verification: Verification, at: Date): Promise<StoppableChange | null> {
  const { purpose, user_id, address } = verification;
  if (purpose !== 'stop_change' || user_id === null || !isKeyUsable(verification, at)) return null;
  const user = await findUserById(reader, user_id);
  if (user?.is_active !== true) return null;
  const holder = await findUserByEmail(reader, address);
  const claimant = holder && holder.id !== user.id ? holder : null;
  if (claimant && isEmailVerified(claimant)) return null;
  return { user, address, is_made: holder?.id !== user.id, claimant };
}
