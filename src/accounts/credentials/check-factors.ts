import { equalConstantTime, open } from '#platform/crypto';
import type { Tx } from '#platform/db';
import type { AccountsSettings } from '../settings.ts';
import { updateUserRow } from '../users/user-store.ts';
import type { User } from '../users/user.ts';
import { isCodeUsable, parseCode, type Verification } from '../verifications/verification.ts';
import { countCodeFailure, hashCode, lockCodeOf, useVerification } from '../verifications/verification-store.ts';
import { afterWrongCode, judgeTotp } from './totp.ts';
import { lockTotp, updateTotp } from './totp-store.ts';

/** The codes that came with a request; six digits, as text or as the number they make. */
export interface GivenCodes {
  otp_code?: string | number | undefined;
  email_code?: string | number | undefined;
  phone_code?: string | number | undefined;
}

export type CodeField = 'email_code' | 'phone_code' | 'otp_code';

export type FactorVerdict =
  | { kind: 'complete' }
  | { kind: 'needed'; field: CodeField }
  | { kind: 'wrong'; field: CodeField }
  | { kind: 'locked'; until: Date };

/** Which channels must be proved although no code came for them. */
export interface Demands {
  email: boolean;
  phone: boolean;
}

/**
 * Checks every code that was given, and demands those that are due; a confirmed generator always is.
 *
 * Codes are used up only when all of them are right, so that the steps of a sign-in can repeat what they have so far.
 * Answers a verdict and never throws one: counts of failure must be committed, not rolled back with a refusal.
 * Locks: the newest code of each address, then the generator.
 */
export async function checkFactors(
  tx: Tx,
  settings: AccountsSettings,
  user: User,
  given: GivenCodes,
  demands: Demands,
  at: Date,
): Promise<FactorVerdict> {
  const email = await checkCode(tx, user.email, given.email_code, at);
  if (email === 'wrong') return { kind: 'wrong', field: 'email_code' };
  if (email === null && demands.email) return { kind: 'needed', field: 'email_code' };

  const phone = await checkCode(tx, user.phone, given.phone_code, at);
  if (phone === 'wrong') return { kind: 'wrong', field: 'phone_code' };
  if (phone === null && demands.phone) return { kind: 'needed', field: 'phone_code' };

  const generator = await checkTotp(tx, settings, user, given.otp_code, at);
  if (generator.kind !== 'complete') return generator;

  if (email) await useVerification(tx, email.id, at);
  if (phone) await useVerification(tx, phone.id, at);
  await updateUserRow(tx, user.id, {
    ...(email && user.email_verified_at === null ? { email_verified_at: at } : {}),
    ...(phone && user.phone_verified_at === null ? { phone_verified_at: at } : {}),
  });
  return { kind: 'complete' };
}

/** The verification whose code is right, `wrong`, or null when no code was given. Counts a failure. */
export async function checkCode(
  tx: Tx,
  address: string | null,
  given: string | number | undefined,
  at: Date,
): Promise<Verification | 'wrong' | null> {
  if (given === undefined) return null;
  const code = parseCode(given);
  const sent = address === null ? undefined : await lockCodeOf(tx, address.toLowerCase());
  if (!sent || !isCodeUsable(sent, at)) return 'wrong';
  if (code !== null && equalConstantTime(sent.code_hash ?? '', hashCode(sent.address.toLowerCase(), code))) return sent;
  await countCodeFailure(tx, sent.id);
  return 'wrong';
}

async function checkTotp(
  tx: Tx,
  settings: AccountsSettings,
  user: User,
  given: string | number | undefined,
  at: Date,
): Promise<FactorVerdict> {
  const factor = await lockTotp(tx, user.id);
  if (!factor || factor.confirmed_at === null) return { kind: 'complete' };
  if (given === undefined) return { kind: 'needed', field: 'otp_code' };

  const secret = open(factor.secret_sealed, settings.seal_key, totpBinding(user));
  const verdict = judgeTotp(factor, secret, parseCode(given) ?? '', at);
  switch (verdict.kind) {
    case 'right':
      await updateTotp(tx, user.id, { last_step: verdict.step, failures_count: 0, locked_until: null });
      return { kind: 'complete' };
    case 'locked':
      return verdict;
    case 'wrong': {
      const change = afterWrongCode(factor, at);
      await updateTotp(tx, user.id, change);
      if (change.locked_until !== null) return { kind: 'locked', until: change.locked_until };
      return { kind: 'wrong', field: 'otp_code' };
    }
  }
}

/** What a generator's secret is sealed to: one user's secret does not open in another user's row. */
export function totpBinding(user: Pick<User, 'id'>): string {
  return `totp:${user.id}`;
}
