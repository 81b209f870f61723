import { networkOf } from '#platform/security/throttle';
import type { Context } from '#platform/context';
import type { Tx } from '#platform/db/database';
import { requireUser } from '../actor.ts';
import { checkCode, checkFactors, type FactorRefusal, proveAddress, replaceAddress } from '../factors/index.ts';
import type { AccountsDeps } from '../hooks.ts';
import {
  emailTakenProblem,
  findUserByEmail,
  findUserByPhone,
  isPhoneClaim,
  phoneTakenProblem,
  releasePhoneClaim,
  updateUserRow,
  type User,
} from '../identity/index.ts';
import { consumeVerification, voidVerificationsOf } from '../verifications/index.ts';
import type { AddressChange, Channel } from './address-change.ts';
import { announceAddressChange } from './announce-address-change.ts';

/** Checks the codes of a request and, if all are right, verifies or replaces the addresses; null on success. */
export async function confirmAddresses(
  ctx: Context,
  tx: Tx,
  { settings, hooks }: AccountsDeps,
  user: User,
  changes: readonly AddressChange[],
  given: { otp_code?: string | number | undefined; has_secret: boolean },
): Promise<{ wrong: string } | { refusal: FactorRefusal } | null> {
  if (changes.length === 0) return null;
  const at = ctx.clock.now();
  const proofs = [];
  for (const { channel, to, code } of changes) {
    const proof = await checkCode(tx, { user, channel, address: to }, code, at);
    if (proof === 'wrong') return { wrong: `${channel}_code` };
    if (proof) proofs.push(proof);
  }
  let otp = given.has_secret && user.otp_enabled;
  if (!otp && given.otp_code !== undefined) {
    const demands = { email: false, phone: false, is_first_factor: false, network: networkOf(ctx.peer?.ip) };
    const verdict = await checkFactors(tx, settings, user, { otp_code: given.otp_code }, demands, at);
    if (verdict.kind !== 'complete') return { refusal: verdict };
    otp = verdict.proved.otp;
  }
  for (const { id } of proofs) await consumeVerification(tx, id, at);
  const isConfirmed = (channel: Channel) => changes.some((change) => change.channel === channel);
  const { session_id } = requireUser(ctx);
  const proof = {
    proved: { email: isConfirmed('email'), phone: isConfirmed('phone'), otp },
    session_id,
    knows_password: true,
  };
  for (const { channel, from, to } of changes) {
    if (to === null) continue;
    if (to === from) {
      await proveAddress(tx, hooks, user, proof, at);
      continue;
    }
    await requireFreeAddress(tx, user, channel, to);
    if (channel === 'phone') await releasePhoneClaim(tx, to, at);
    await voidVerificationsOf(tx, user.id, at);
    await replaceAddress(tx, hooks, user, { channel, address: to }, proof, at);
    await announceAddressChange(tx, user, { channel, to, is_done: true }, at);
  }
  return null;
}

/** Requests a change: voids outstanding links and codes and announces the change to the present address. */
export async function requestAddressChange(
  tx: Tx,
  user: User,
  { channel, to }: AddressChange,
  at: Date,
): Promise<void> {
  if (to === null) return;
  await requireFreeAddress(tx, user, channel, to);
  await voidVerificationsOf(tx, user.id, at);
  await announceAddressChange(tx, user, { channel, to, is_done: false }, at);
}

/** Removes an address, voids outstanding links and codes and announces the change to the former address. */
export async function removeAddress(tx: Tx, user: User, channel: Channel, at: Date): Promise<void> {
  await updateUserRow(
    tx,
    user.id,
    channel === 'email'
      ? { email: null, email_verification_required: false }
      : { phone: null, phone_verified_at: null, phone_verification_required: false },
  );
  await voidVerificationsOf(tx, user.id, at);
  await announceAddressChange(tx, user, { channel, to: null, is_done: true }, at);
}

async function requireFreeAddress(tx: Tx, user: User, channel: Channel, address: string): Promise<void> {
  const holder = await (channel === 'email' ? findUserByEmail(tx, address) : findUserByPhone(tx, address));
  if (!holder || holder.id === user.id) return;
  if (channel === 'email') throw emailTakenProblem();
  if (!isPhoneClaim(holder)) throw phoneTakenProblem();
}
