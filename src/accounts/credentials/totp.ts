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

/** What a network sent for a factor. */
export interface TotpCaller {
  failures_count: number;
  locked_until: Date | null;
  /** Last right code. */
  proved_at: Date | null;
}

/** `used`: the code belongs to the last accepted step or an earlier one. It is refused but not counted as a failure. */
export type TotpVerdict =
  | { kind: 'right'; step: number }
  | { kind: 'used' }
  | { kind: 'wrong' }
  | { kind: 'locked'; until: Date };

const step_ms = 30_000;
const attempts_max = 3;
/** Wrong codes from all networks without a right code together; NIST SP 800-63B allows 100. */
const all_attempts_max = 30;
/** For how long a right code makes a network one that others cannot lock. */
const known_ms = 90 * 86_400_000;
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

/** True if the factor is locked at the instant after too many wrong codes, for networks without a right code. */
export function isTotpLocked(factor: Pick<TotpFactor, 'locked_until'>, at: Date): boolean {
  return factor.locked_until !== null && at < factor.locked_until;
}

/**
 * Checks a code of six digits. Accepts one step before and after the current one, since clocks differ; each step once.
 *
 * A code of the last accepted step or of an earlier one is refused but not counted as a failure: it comes from a
 * repeated or late request, not from a guess.
 * With a lock the verdict is `locked` for every code, so that a correct guess cannot be distinguished from a wrong one.
 */
export function checkTotpCode(
  factor: Pick<TotpFactor, 'last_step'>,
  secret: string,
  code: string,
  at: Date,
  locked_until: Date | null = null,
): TotpVerdict {
  if (locked_until !== null && at < locked_until) return { kind: 'locked', until: locked_until };
  const delta = makeTotp(secret).validate({ token: code, timestamp: at.getTime(), window: 1 });
  if (delta === null) return { kind: 'wrong' };
  const step = Math.floor(at.getTime() / step_ms) + delta;
  return factor.last_step !== null && step <= factor.last_step ? { kind: 'used' } : { kind: 'right', step };
}

type Counters = Pick<TotpFactor, 'failures_count' | 'locked_until'>;

/**
 * Returns the counters of a network after a wrong code: every third one locks, for 5 minutes, doubled each time, at
 * most a day.
 */
export function countWrongCode(counters: Pick<Counters, 'failures_count'>, at: Date, every = attempts_max): Counters {
  const failures_count = counters.failures_count + 1;
  if (failures_count % every !== 0) return { failures_count, locked_until: null };
  const doublings = Math.min(failures_count / every - 1, 20);
  const duration_ms = Math.min(lock_ms * 2 ** doublings, lock_ms_max);
  return { failures_count, locked_until: new Date(at.getTime() + duration_ms) };
}

/** True if a right code came from the network in the last 90 days. */
export function isKnownCaller({ proved_at }: Pick<TotpCaller, 'proved_at'>, at: Date): boolean {
  return proved_at !== null && at.getTime() - proved_at.getTime() < known_ms;
}

/**
 * Returns until when a network is refused, or null: after its own wrong codes, or after those of all networks without a
 * right code. A known network is not locked by others, so that a person who has the password alone cannot lock the user
 * out. Pure.
 * @see docs/decisions/0099-wrong-codes-lock-their-network.md
 */
export function findTotpLock(factor: Pick<TotpFactor, 'locked_until'>, caller: TotpCaller, at: Date): Date | null {
  const locks = [caller.locked_until, isKnownCaller(caller, at) ? null : factor.locked_until];
  const open = locks.flatMap((until) => (until !== null && at < until ? [until.getTime()] : []));
  return open.length === 0 ? null : new Date(Math.max(...open));
}

/** Returns the counters of the factor after a wrong code of a network. Those of known networks do not count. Pure. */
export function countWrongCodeOfAll(factor: Counters, caller: TotpCaller, at: Date): Counters {
  const { failures_count, locked_until } = factor;
  if (isKnownCaller(caller, at)) return { failures_count, locked_until };
  return countWrongCode(factor, at, all_attempts_max);
}

function makeTotp(secret: string, label = '', issuer = ''): TOTP {
  return new TOTP({ secret: Secret.fromBase32(secret), label, issuer, algorithm: 'SHA1', digits: 6, period: 30 });
}
