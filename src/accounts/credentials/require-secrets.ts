import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db';
import { verifyPassword } from '#platform/password';
import { requireUser } from '../actor.ts';
import { accountsProblems, fieldProblem } from '../problems.ts';
import { secretLimit } from '../rate-limits.ts';
import { secondsUntil } from '../sessions/sign-in.ts';
import type { AccountsSettings } from '../settings.ts';
import { findCredentials, findUserById } from '../users/user-store.ts';
import type { User } from '../users/user.ts';
import { checkFactors, type FactorVerdict, type GivenCodes } from './check-factors.ts';

/** What a signed-in person repeats before something sensitive. */
export interface Secrets extends GivenCodes {
  password?: string | undefined;
}

/**
 * Makes sure that it is still the signed-in person: at least one secret, every one that is given right, and a code of
 * the generator whenever there is one. Checked against the caller, who therefore must be the user concerned.
 *
 * @throws secret_required (401), secret_wrong (401), otp_locked (403), too_many_requests (429)
 */
export async function requireSecrets(ctx: Context, settings: AccountsSettings, secrets: Secrets): Promise<User> {
  const { user_id } = requireUser(ctx);
  const user = await findUserById(ctx.db, user_id);
  if (!user || !hasProof(user, secrets)) throw accountsProblems.secret_required();

  await settings.throttle.take(secretLimit, String(user_id));
  if (secrets.password !== undefined) {
    const stored = (await findCredentials(ctx.db, user_id))?.password_hash ?? null;
    const { matches } = await verifyPassword(stored, secrets.password);
    if (!matches) throw wrongSecret('password', 'This is not your password.');
  }
  const at = ctx.clock.now();
  const demands = { email: false, phone: false };
  const verdict = await inTransaction(ctx.db, (tx) => checkFactors(tx, settings, user, secrets, demands, at));
  if (verdict.kind !== 'complete') throw refusalOf(verdict, at);

  await settings.throttle.giveBack(secretLimit, String(user_id));
  return user;
}

/** A code of a generator that is not set up, or not confirmed, proves nothing. */
function hasProof(user: User, { password, email_code, phone_code, otp_code }: Secrets): boolean {
  const proofs = [password, email_code, phone_code, user.otp_enabled ? otp_code : undefined];
  return proofs.some((proof) => proof !== undefined);
}

function refusalOf(verdict: Exclude<FactorVerdict, { kind: 'complete' }>, at: Date) {
  switch (verdict.kind) {
    case 'needed':
      return fieldProblem(accountsProblems.secret_required, {
        [verdict.field]: ['Enter the code that your authenticator shows.'],
      });
    case 'wrong':
      return wrongSecret(verdict.field, 'This code is wrong or no longer valid.');
    case 'locked':
      return accountsProblems.otp_locked({ retry_after_s: secondsUntil(verdict.until, at) });
  }
}

function wrongSecret(field: string, message: string) {
  return fieldProblem(accountsProblems.secret_wrong, { [field]: [message] });
}
