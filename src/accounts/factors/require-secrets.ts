import type { Context } from '#platform/context';
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

/** What a signed-in person repeats before something sensitive. */
export interface Secrets extends GivenCodes {
  password?: string | undefined;
}

/**
 * Checks that the caller is still the person who signed in: at least one secret, every given one right, and a code of the
 * TOTP factor whenever there is one. Checked against the caller, who therefore must be the user concerned.
 *
 * @throws api_key_refused (403), secret_required (401), secret_wrong (401), otp_locked (403), too_many_requests (429)
 */
export async function requireSecrets(ctx: Context, settings: AccountsSettings, secrets: Secrets): Promise<User> {
  requireNoApiKey(ctx);
  const { user_id } = requireUser(ctx);
  const user = await findUserById(ctx.db, user_id);
  if (!user) throw accountsProblems.secret_required();
  if (!hasProof(user, secrets)) throw accountsProblems.secret_required({ location: pathForSecrets(user) });

  await settings.throttle.take(secretLimit, String(user_id));
  if (secrets.password !== undefined) {
    const stored = (await findCredentials(ctx.db, user_id))?.password_hash ?? null;
    const { matches } = await verifyPassword(stored, secrets.password);
    if (!matches) throw wrongSecretProblem('password', 'This is not your password.');
  }
  const at = ctx.clock.now();
  const demands = { email: false, phone: false, is_first_factor: false };
  const verdict = await inTransaction(ctx.db, (tx) => checkFactors(tx, settings, user, secrets, demands, at));
  if (verdict.kind !== 'complete') throw secretProblem(verdict, at);

  await settings.throttle.giveBack(secretLimit, String(user_id));
  return user;
}

/**
 * Checks the secrets of a caller who acts on the caller's own account. A manager of the broker who acts on another account
 * gives none, but is refused with an API key as well.
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

/** A code of a TOTP factor that is not set up, or not confirmed, proves nothing. */
function hasProof(user: User, { password, email_code, phone_code, otp_code }: Secrets): boolean {
  const proofs = [password, email_code, phone_code, user.otp_enabled ? otp_code : undefined];
  return proofs.some((proof) => proof !== undefined);
}

/** The page where the caller can give a secret, or get one: without password and TOTP factor a link sets a password. */
function pathForSecrets(user: User): string {
  return user.has_password || user.otp_enabled ? paths.user(user.username) : paths.recover();
}

/** The refusal that a verdict on the codes means for a signed-in caller. */
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
