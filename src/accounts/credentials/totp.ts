import { Secret, TOTP } from 'otpauth';

/** A one-time password generator of a user (RFC 6238: SHA-1, six digits, steps of 30 seconds). */
export interface TotpFactor {
  secret_sealed: string;
  /** Null until a first code showed that the generator works. */
  confirmed_at: Date | null;
  last_step: number | null;
  failures_count: number;
  locked_until: Date | null;
}

/** `used`: the code is of the step that was accepted last, or of an earlier one. It is refused without being counted as a failure. */
export type TotpVerdict =
  | { kind: 'right'; step: number }
  | { kind: 'used' }
  | { kind: 'wrong' }
  | { kind: 'locked'; until: Date };

const step_ms = 30_000;
const attempts_max = 3;
const lock_ms = 5 * 60_000;
const lock_ms_max = 24 * 3_600_000;

/** Draws a secret for a new generator, in base32. */
export function generateTotpSecret(): string {
  return new Secret({ size: 20 }).base32;
}

/** The address that an authenticator reads, from a QR code or typed in. */
export function provisioningUri(secret: string, label: string, issuer: string): string {
  return generator(secret, label, issuer).toString();
}

/** Says whether the generator is closed at the instant after too many wrong codes. */
export function isTotpLocked(factor: Pick<TotpFactor, 'locked_until'>, at: Date): boolean {
  return factor.locked_until !== null && at < factor.locked_until;
}

/**
 * Judges a code of six digits. One step before and after is accepted, as clocks differ; a step is accepted once.
 *
 * Why a repeated code does not count: a form that is sent twice repeats the right code, and a guess cannot. The same holds for
 * a code of an earlier step, which arrives late: it opens nothing either.
 * A locked generator says so whatever the code: a right guess must not be told from a wrong one.
 */
export function checkTotpCode(factor: TotpFactor, secret: string, code: string, at: Date): TotpVerdict {
  if (factor.locked_until !== null && at < factor.locked_until) return { kind: 'locked', until: factor.locked_until };
  const delta = generator(secret).validate({ token: code, timestamp: at.getTime(), window: 1 });
  if (delta === null) return { kind: 'wrong' };
  const step = Math.floor(at.getTime() / step_ms) + delta;
  return factor.last_step !== null && step <= factor.last_step ? { kind: 'used' } : { kind: 'right', step };
}

/** What a wrong code leaves behind: every third one closes the generator, twice as long each time, a day at most. */
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

function generator(secret: string, label = '', issuer = ''): TOTP {
  return new TOTP({ secret: Secret.fromBase32(secret), label, issuer, algorithm: 'SHA1', digits: 6, period: 30 });
}
