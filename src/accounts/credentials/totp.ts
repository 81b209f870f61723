import { Secret, TOTP } from 'otpauth';

/** TOTP factor of a user (RFC 6238: SHA-1, six digits, steps of 30 seconds). */
export interface TotpFactor {
  secret_sealed: string;
  /** Null until a first correct code confirmed the factor. */
  confirmed_at: Date | null;
  last_step: number | null;
  failures_count: number;
  locked_until: Date | null;
}

/** `used`: the code belongs to the last accepted step or an earlier one. It is refused but not counted as a failure. */
export type TotpVerdict =
  | { kind: 'right'; step: number }
  | { kind: 'used' }
  | { kind: 'wrong' }
  | { kind: 'locked'; until: Date };

const step_ms = 30_000;
const attempts_max = 3;
const lock_ms = 5 * 60_000;
const lock_ms_max = 24 * 3_600_000;

/** Generates the secret of a new factor, in base32. */
export function generateTotpSecret(): string {
  return new Secret({ size: 20 }).base32;
}

/** Returns the otpauth:// address from which an authenticator takes the secret. */
export function formatProvisioningUri(secret: string, label: string, issuer: string): string {
  return makeTotp(secret, label, issuer).toString();
}

/** True if the factor is locked at the instant after too many wrong codes. */
export function isTotpLocked(factor: Pick<TotpFactor, 'locked_until'>, at: Date): boolean {
  return factor.locked_until !== null && at < factor.locked_until;
}

/**
 * Checks a code of six digits. Accepts one step before and after the current one, since clocks differ; each step once.
 *
 * A code of the last accepted step or of an earlier one is refused but not counted as a failure: it comes from a
 * repeated or late request, not from a guess.
 * A locked factor returns `locked` for every code, so that a correct guess cannot be distinguished from a wrong one.
 */
export function checkTotpCode(factor: TotpFactor, secret: string, code: string, at: Date): TotpVerdict {
  if (factor.locked_until !== null && at < factor.locked_until) return { kind: 'locked', until: factor.locked_until };
  const delta = makeTotp(secret).validate({ token: code, timestamp: at.getTime(), window: 1 });
  if (delta === null) return { kind: 'wrong' };
  const step = Math.floor(at.getTime() / step_ms) + delta;
  return factor.last_step !== null && step <= factor.last_step ? { kind: 'used' } : { kind: 'right', step };
}

/**
 * Returns the counters after a wrong code: every third one locks the factor, for 5 minutes, doubled each time, at most
 * a day.
 */
export function countWrongCode(
  factor: Pick<TotpFactor, 'failures_count'>,
  at: Date,
): Pick<TotpFactor, 'failures_count' | 'locked_until'> {
  const failures_count = factor.failures_count + 1;
  if (failures_count % attempts_max !== 0) return { failures_count, locked_until: null };
  const doublings = Math.min(failures_count / attempts_max - 1, 20);
  const duration_ms = Math.min(lock_ms * 2 ** doublings, lock_ms_max);
  return { failures_count, locked_until: new Date(at.getTime() + duration_ms) };
}

function makeTotp(secret: string, label = '', issuer = ''): TOTP {
  return new TOTP({ secret: Secret.fromBase32(secret), label, issuer, algorithm: 'SHA1', digits: 6, period: 30 });
}
