import type { Context } from '#platform/context';
import { open, seal, sha256Hex } from '#platform/security/crypto';
import type { UserId } from '#platform/db/db-schema';
import type { GivenCodes } from '../factors/index.ts';
import type { AccountsSettings } from '../settings.ts';
import { findCredentials, findUserById } from '../identity/index.ts';
import type { ProvenIdentity } from './sign-in.ts';

/** Time within which the next code must be entered. */
const step_lifetime_ms = 10 * 60_000;
const binding = 'sign-in step';

/** A sign-in that waits for a code: the identity and the codes so far. */
export interface SignInStep {
  proven: ProvenIdentity;
  codes: GivenCodes;
}

interface SealedStep {
  user_id: UserId;
  password: string | null;
  codes: GivenCodes;
  until: number;
}

/**
 * Encrypts a sign-in that waits for a code, for a hidden field of the form. It contains a hash of the password hash,
 * not the password.
 */
export function sealStep(ctx: Context, settings: AccountsSettings, { proven, codes }: SignInStep): string {
  const step: SealedStep = {
    user_id: proven.user.id,
    password: proven.password_hash === null ? null : sha256Hex(proven.password_hash),
    codes,
    until: ctx.clock.now().getTime() + step_lifetime_ms,
  };
  return seal(JSON.stringify(step), settings.seal_key, binding);
}

/** Decrypts the result of `sealStep`; null if it has expired, was altered, or the password has changed since. */
export async function unsealStep(ctx: Context, settings: AccountsSettings, sealed: string): Promise<SignInStep | null> {
  const step = unseal(settings, sealed);
  if (!step || ctx.clock.now().getTime() >= step.until) return null;
  const user = await findUserById(ctx.db, step.user_id);
  const stored = user ? ((await findCredentials(ctx.db, user.id))?.password_hash ?? null) : null;
  if (user?.is_active !== true) return null;
  if (step.password !== null && (stored === null || sha256Hex(stored) !== step.password)) return null;
  const password_hash = step.password === null ? null : stored;
  return { proven: { user, password_hash, rehashed: null, releaseAttempt: async () => {} }, codes: step.codes };
}

function unseal(settings: AccountsSettings, sealed: string): SealedStep | null {
  try {
    return JSON.parse(open(sealed, settings.seal_key, binding)) as SealedStep; // authenticated encryption: only sealStep made it
  } catch {
    return null; // altered, or encrypted with an earlier key: the sign-in starts again
  }
}
