import type { Context } from '#platform/context';
import { networkOf } from '#platform/security/throttle';
import { inTransaction } from '#platform/db/database';
import { paths } from '#platform/http/paths';
import { verifyPassword } from '#platform/security/password';
import { requireNoApiKey, requireUser } from '../actor.ts';
import { accountsProblems, fieldProblem } from '../problems.ts';
import { secretLimit } from '../rate-limits.ts';
import { secondsUntil, usedCodeMessage } from './sign-in-problem.ts';
import type { AccountsSettings } from '../settings.ts';
import { findCredentials, findUserById, type User } from '../identity/index.ts';
import { checkFactors, type FactorRefusal, type GivenCodes } from './check-factors.ts';

/** Secrets that a signed-in caller repeats before a sensitive change. */
export interface Secrets extends GivenCodes {
  password?: string | undefined;
}

/**
 * Requires at least one secret of the caller. Every given secret must be right; with a TOTP factor its code is
 * required.
 *
 * The secrets are checked against the caller, who must be the user that the change concerns.
 * @throws api_key_refused (403), secret_required (401), secret_wrong (401), otp_locked (403), too_many_requests (429)
 */
export async function requireSecrets(ctx: Context, settings: AccountsSettings, secrets: Secrets): Promise<User> {
  requireNoApiKey(ctx);
  const { user_id } = requireUser(ctx);
  const user = await findUserById(ctx.db, user_id);
  if (!user) throw accountsProblems.secret_required();
  if (!hasProof(user, secrets)) throw accountsProblems.secret_required({ location: findSecretsPath(user) });

  await settings.throttle.take(secretLimit, String(user_id));
  if (secrets.password !== undefined) {
    const stored = (await findCredentials(ctx.db, user_id))?.password_hash ?? null;
    const { matches } = await verifyPassword(stored, secrets.password);
    if (!matches) throw wrongSecretProblem('password', 'This is not your password.');
  }
  const at = ctx.clock.now();
  const demands = { email: false, phone: false, is_first_factor: false, network: networkOf(ctx.peer?.ip) };
  const verdict = await inTransaction(ctx.db, (tx) => checkFactors(tx, settings, user, secrets, demands, at));
  if (verdict.kind !== 'complete') throw secretProblem(verdict, at);

  await settings.throttle.release(secretLimit, String(user_id));
  return user;
}

/**
 * Requires secrets of a caller who acts on the own account. A manager of the broker who acts on another account gives
 * none. Both are refused with an API key.
 *
 * @throws api_key_refused (403), secret_required (401), secret_wrong (401), otp_locked (403), too_many_requests (429)
 */
export async function requireOwnSecrets(
  ctx: Context,
  settings: AccountsSettings,
  user: Pick<User, 'id'>,
  secrets: Secrets,
): Promise<void> {
  if (requireUser(ctx).user_id === user.id) await requireSecrets(ctx, settings, secrets);
  else requireNoApiKey(ctx);
}

/** True if a secret was given. A code without a confirmed TOTP factor is ignored. */
function hasProof(user: User, { password, email_code, phone_code, otp_code }: Secrets): boolean {
  const proofs = [password, email_code, phone_code, user.otp_enabled ? otp_code : undefined];
  return proofs.some((proof) => proof !== undefined);
}

/**
 * Returns the page where the caller can give a secret; without password and TOTP factor, the page that sends a link.
 */
function findSecretsPath(user: User): string {
  return user.has_password || user.otp_enabled ? paths.user(user.username) : paths.recover();
}

/** Converts a refusal of codes to the Problem of a signed-in caller. */
export function secretProblem(verdict: FactorRefusal, at: Date) {
  switch (verdict.kind) {
    case 'needed':
      return fieldProblem(accountsProblems.secret_required, {
        [verdict.field]: ['Enter the code that your authenticator shows.'],
      });
    case 'wrong':
      return wrongSecretProblem(verdict.field, 'This code is wrong or no longer valid.');
    case 'used':
      return wrongSecretProblem(verdict.field, usedCodeMessage);
    case 'locked':
      return accountsProblems.otp_locked({ retry_after_s: secondsUntil(verdict.until, at) });
  }
}

function wrongSecretProblem(field: string, message: string) {
  return fieldProblem(accountsProblems.secret_wrong, { [field]: [message] });
}
