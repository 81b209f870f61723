import type { UserId, VerificationId } from '#platform/db/db-schema';

/** A key or code sent to an address. Presenting it proves that the caller receives messages at that address. */
export interface Verification {
  id: VerificationId;
  /** Null for an invited person without a user. */
  user_id: UserId | null;
  channel: 'email' | 'phone';
  /** E-mail address in lower case, or phone number in E.164. */
  address: string;
  /**
   * Effect of the key or code: `activate` and `recover` set a password, `verify` proves an address, `login` is a second
   * factor at sign-in, `stop_change` cancels or undoes a change of the e-mail address.
   */
  purpose: 'activate' | 'recover' | 'verify' | 'login' | 'stop_change';
  /** Message of the inviting user, or the text by which `replaceVerification` finds earlier links. */
  reason: string | null;
  code_hash: string | null;
  code_failures_count: number;
  created_at: Date;
  expires_at: Date;
  code_expires_at: Date | null;
  used_at: Date | null;
}

/** Lifetime of a code. */
export const code_lifetime_s = 600;
/** Wrong attempts after which a code is invalid. */
export const code_failures_max = 5;

const keyShape = /^[0-9a-f]{40}$/;

/** True if the text has the form of a key. */
export function isVerificationKey(text: string): boolean {
  return keyShape.test(text);
}

/**
 * Parses a code of six digits from an authenticator, an e-mail or a phone message; null for any other text.
 *
 * Ignores blanks, since authenticators show `123 456`. Restores the leading zeros of a number.
 */
export function parseCode(value: string | number | undefined): string | null {
  if (value === undefined) return null;
  const text = String(value).replace(/\s+/gu, '');
  return /^[0-9]{1,6}$/.test(text) ? text.padStart(6, '0') : null;
}

/** True if the link is unused and has not expired at the instant. */
export function isKeyUsable(verification: Pick<Verification, 'used_at' | 'expires_at'>, at: Date): boolean {
  return verification.used_at === null && at < verification.expires_at;
}

/** True if the code is unused, has not expired at the instant and has attempts left. */
export function isCodeUsable(
  verification: Pick<Verification, 'used_at' | 'code_hash' | 'code_expires_at' | 'code_failures_count'>,
  at: Date,
): boolean {
  return (
    verification.used_at === null &&
    verification.code_hash !== null &&
    verification.code_expires_at !== null &&
    at < verification.code_expires_at &&
    verification.code_failures_count < code_failures_max
  );
}
