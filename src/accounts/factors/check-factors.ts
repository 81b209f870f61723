import { equalConstantTime, open } from '#platform/security/crypto';
import type { Tx } from '#platform/db/database';
import type { AccountsSettings } from '../settings.ts';
import { isFirstProof, type User } from '../identity/index.ts';
import {
  countCodeFailure,
  hashCode,
  isCodeUsable,
  lockCode,
  parseCode,
  consumeVerification,
  type Verification,
} from '../verifications/index.ts';
import {
  checkTotpCode,
  countWrongCode,
  countWrongCodeOfAll,
  findTotpCaller,
  findTotpLock,
  lockTotp,
  updateTotp,
  upsertTotpCaller,
} from '../credentials/index.ts';
import { mayReplacePassword } from './policy.ts';

/** Codes of a request: six digits, as text with or without blanks, or as a number. */
export interface GivenCodes {
  otp_code?: string | number | undefined;
  email_code?: string | number | undefined;
  phone_code?: string | number | undefined;
}

export type CodeFieldName = 'email_code' | 'phone_code' | 'otp_code';

/** Codes that were right. A code that was not given counts as false. */
export interface ProvedCodes {
  email: boolean;
  phone: boolean;
  otp: boolean;
}

export type FactorVerdict =
  | { kind: 'complete'; proved: ProvedCodes }
  | { kind: 'needed'; field: CodeFieldName }
  | { kind: 'wrong'; field: CodeFieldName }
  | { kind: 'used'; field: CodeFieldName }
  | { kind: 'locked'; until: Date };

export type FactorRefusal = Exclude<FactorVerdict, { kind: 'complete' }>;

export interface FactorDemands {
  /** True if a code of the channel is required. */
  email: boolean;
  phone: boolean;
  /**
   * True if the codes replace the password. Then a code that was sent as a second factor is refused, and so is a code
   * of a channel that the user configured as second factor.
   */
  is_first_factor: boolean;
  /** Network of the caller, under which wrong codes of the TOTP factor are counted. */
  network: string;
}

/**
 * Checks every given code, then requires the missing ones. A code of a confirmed TOTP factor is always required.
 *
 * Given codes are checked first, so that no code is required or sent before the first factor is right.
 * Codes are consumed only if all are right, so that each step of a sign-in can repeat the earlier codes.
 * Returns a verdict instead of throwing: the caller must commit the counts of failures.
 * A first proof of an address requires no further factor, since the owner of the address did not set the factors.
 * Locks: the newest code of each address, then the TOTP factor.
 * @see docs/decisions/0014-first-proof-of-an-address.md
 */
export async function checkFactors(
  tx: Tx,
  settings: AccountsSettings,
  user: User,
  given: GivenCodes,
  demands: FactorDemands,
  at: Date,
): Promise<FactorVerdict> {
  const email = await checkCode(tx, { user, channel: 'email', address: user.email }, given.email_code, at);
  if (email === 'wrong') return { kind: 'wrong', field: 'email_code' };
  const phone = await checkCode(tx, { user, channel: 'phone', address: user.phone }, given.phone_code, at);
  if (phone === 'wrong') return { kind: 'wrong', field: 'phone_code' };

  const first = demands.is_first_factor
    ? [email, phone].find((proof) => proof && mayReplacePassword(user, proof))
    : null;
  if (first === undefined) return { kind: 'wrong', field: email ? 'email_code' : 'phone_code' };
  const isFirst = first !== null && isFirstProof(user, first.channel);
  if (!isFirst) {
    if (email === null && demands.email) return { kind: 'needed', field: 'email_code' };
    if (phone === null && demands.phone) return { kind: 'needed', field: 'phone_code' };
  }
  let otp = false;
  if (!isFirst || given.otp_code !== undefined) {
    const verdict = await checkTotp(tx, settings, user, { code: given.otp_code, network: demands.network }, at);
    if (typeof verdict !== 'boolean') return verdict;
    otp = verdict;
  }
  if (email) await consumeVerification(tx, email.id, at);
  if (phone) await consumeVerification(tx, phone.id, at);
  return { kind: 'complete', proved: { email: email !== null, phone: phone !== null, otp } };
}

/** User and address that a code was sent to. */
export interface SentTo {
  user: Pick<User, 'id'>;
  channel: Verification['channel'];
  address: string | null;
}

/** Returns the verification of a right code, `wrong`, or null if no code was given. Counts a failure. */
export async function checkCode(
  tx: Tx,
  { user, channel, address }: SentTo,
  given: string | number | undefined,
  at: Date,
): Promise<Verification | 'wrong' | null> {
  if (given === undefined) return null;
  const code = parseCode(given);
  const sent = address === null ? undefined : await lockCode(tx, { user_id: user.id, channel, address });
  if (!sent || !isCodeUsable(sent, at)) return 'wrong';
  if (code !== null && equalConstantTime(sent.code_hash ?? '', hashCode(sent.address.toLowerCase(), code))) return sent;
  await countCodeFailure(tx, sent.id);
  return 'wrong';
}

/** Returns true if the code of a confirmed factor is right, false if there is no such factor, else the refusal. */
async function checkTotp(
  tx: Tx,
  settings: AccountsSettings,
  user: User,
  given: { code: string | number | undefined; network: string },
  at: Date,
): Promise<boolean | FactorRefusal> {
  const factor = await lockTotp(tx, user.id);
  if (!factor || factor.confirmed_at === null) return false;
  if (given.code === undefined) return { kind: 'needed', field: 'otp_code' };

  const secret = open(factor.secret_sealed, settings.seal_key, totpBinding(user));
  const caller = (await findTotpCaller(tx, user.id, given.network)) ?? unknown_caller;
  const lock = findTotpLock(factor, caller, at);
  const verdict = checkTotpCode(factor, secret, parseCode(given.code) ?? '', at, lock);
  switch (verdict.kind) {
    case 'right':
      await updateTotp(tx, user.id, { last_step: verdict.step, failures_count: 0, locked_until: null });
      await upsertTotpCaller(tx, user.id, given.network, { ...unknown_caller, proved_at: at });
      return true;
    case 'locked':
      return verdict;
    case 'used':
      return { kind: 'used', field: 'otp_code' };
    case 'wrong': {
      const [own, all] = [countWrongCode(caller, at), countWrongCodeOfAll(factor, caller, at)];
      await updateTotp(tx, user.id, all);
      await upsertTotpCaller(tx, user.id, given.network, { ...caller, ...own, failed_at: at });
      const until = findTotpLock(all, { ...caller, ...own }, at);
      return until === null ? { kind: 'wrong', field: 'otp_code' } : { kind: 'locked', until };
    }
  }
}

const unknown_caller = { failures_count: 0, locked_until: null, proved_at: null };

/** Returns the associated data of an encrypted TOTP secret; with the data of another user, decryption fails. */
export function totpBinding(user: Pick<User, 'id'>): string {
  return `totp:${user.id}`;
}
