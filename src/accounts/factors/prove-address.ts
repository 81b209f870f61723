import { commonProblems } from '#kernel/problem';
import type { Tx } from '#platform/db/database';
import type { SessionId, UserId } from '#platform/db/db-schema';
import { emit } from '#platform/jobs/events';
import { deleteApiKeys, deleteSshKey, deleteTotp } from '../credentials/index.ts';
import type { ProvedCodes } from './check-factors.ts';
import { userVerified } from '../events.ts';
import type { AccountsHooks } from '../hooks.ts';
import { endSessions } from '../sessions/index.ts';
import {
  findUserById,
  isFirstProof,
  lockCredentials,
  markAddressVerified,
  updateUserRow,
  type User,
} from '../identity/index.ts';
import { voidVerificationsOf } from '../verifications/index.ts';

/** Proof that the caller owns an address of the user, and what else the same request proves. */
export interface AddressProof {
  /** Addresses with a right code or key, and whether a code of the TOTP factor was right. */
  proved: ProvedCodes;
  /** Session of the request; null without one. */
  session_id: SessionId | null;
  /** True if the request had the right password or a session: the caller is the person who set the password. */
  knows_password: boolean;
}

/**
 * Marks addresses as verified. Every verification goes through this file.
 *
 * A first proof removes everything that a person who does not own the address may have set up: password, sessions, API
 * keys, SSH key, TOTP factor, second factors, the other address, outstanding keys and codes, and through `onFirstProof`
 * the roles of other users on the personal profile. It keeps only what the request itself proves.
 * Locks: the user's row.
 * @see docs/decisions/0014-first-proof-of-an-address.md
 */
export async function proveAddress(
  tx: Tx,
  hooks: AccountsHooks,
  { id }: Pick<User, 'id'>,
  proof: AddressProof,
  at: Date,
): Promise<User> {
  // Requests that use the removed credentials, such as a sign-in by the old password, wait for this lock.
  await lockCredentials(tx, id);
  const user = await getUser(tx, id);
  const { email, phone } = proof.proved;
  const isFirst = (email && isFirstProof(user, 'email')) || (phone && isFirstProof(user, 'phone'));
  if (isFirst) await clearClaimedAccount(tx, hooks, user, proof, at);
  if (email && user.email_verified_at === null) await markVerified(tx, hooks, id, 'email', at);
  if (phone && user.phone_verified_at === null) await markVerified(tx, hooks, id, 'phone', at);
  return getUser(tx, id);
}

/** Marks an address as verified; for an e-mail address, calls `onEmailVerified`. */
async function markVerified(
  tx: Tx,
  hooks: AccountsHooks,
  id: UserId,
  channel: 'email' | 'phone',
  at: Date,
): Promise<void> {
  await markAddressVerified(tx, id, channel, at);
  if (channel === 'email') await hooks.onEmailVerified(tx, await getUser(tx, id), at);
}

async function getUser(tx: Tx, id: UserId): Promise<User> {
  const user = await findUserById(tx, id);
  if (!user) throw commonProblems.not_found();
  return user;
}

/**
 * Replaces an address by one that the request proved. This is a first proof unless the user had proved an address
 * before.
 *
 * Locks: the user's row.
 */
export async function replaceAddress(
  tx: Tx,
  hooks: AccountsHooks,
  { id }: Pick<User, 'id'>,
  { channel, address }: { channel: 'email' | 'phone'; address: string },
  proof: AddressProof,
  at: Date,
): Promise<User> {
  await lockCredentials(tx, id);
  const before = await getUser(tx, id);
  await updateUserRow(tx, id, channel === 'email' ? { email: address } : { phone: address });
  if (isFirstProof(before, channel)) return proveAddress(tx, hooks, before, proof, at);
  await markVerified(tx, hooks, id, channel, at);
  return getUser(tx, id);
}

async function clearClaimedAccount(
  tx: Tx,
  hooks: AccountsHooks,
  user: User,
  proof: AddressProof,
  at: Date,
): Promise<void> {
  const by_session = proof.session_id !== null;
  const removed: string[] = [];
  await endSessions(tx, user.id, at, { except: proof.session_id });
  await voidVerificationsOf(tx, user.id, at);
  if ((await deleteApiKeys(tx, user.id)) > 0) removed.push('api_keys');
  if (await deleteSshKey(tx, user.id)) removed.push('ssh_key');
  if (!proof.proved.otp && (await deleteTotp(tx, user.id))) removed.push('otp');
  await updateUserRow(tx, user.id, {
    ...(proof.knows_password ? {} : { password_hash: null }),
    ...clearUnprovedAddress(proof.proved, by_session),
    email_verification_required: false,
    phone_verification_required: false,
  });
  await hooks.onFirstProof(tx, { user, by_session }, at);
  await emit(tx, userVerified({ user_id: user.id, removed }), at);
}

/** Returns the changes for the address that was not proved. With a session it stays, unverified; else it is removed. */
function clearUnprovedAddress({ email, phone }: ProvedCodes, by_session: boolean) {
  return {
    ...(phone ? {} : { phone_verified_at: null, ...(by_session ? {} : { phone: null }) }),
    ...(email || by_session ? {} : { email: null }),
  };
}
