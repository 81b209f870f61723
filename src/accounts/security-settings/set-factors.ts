import { invalidInput } from '#kernel/problem';
import type { Context } from '#platform/context';
import { open, seal } from '#platform/security/crypto';
import { inTransaction, type Tx } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { userCredentialsChanged } from '../events.ts';
import { accountsProblems, fieldProblem } from '../problems.ts';
import type { AccountsSettings } from '../settings.ts';
import { isEmailVerified, isPhoneVerified, updateUserRow, type User } from '../identity/index.ts';
import { parseCode, voidVerificationsOf } from '../verifications/index.ts';
import { requireSecrets, type Secrets, totpBinding } from '../factors/index.ts';
import { lockUserForChange } from '../sessions/index.ts';
import {
  countWrongCode,
  deleteTotp,
  generateTotpSecret,
  isTotpLocked,
  checkTotpCode,
  lockTotp,
  formatProvisioningUri,
  upsertTotp,
  updateTotp,
} from '../credentials/index.ts';

/** Omitted factors stay unchanged. */
export interface FactorChoice extends Secrets {
  otp_enabled?: boolean | undefined;
  email_verification_enabled?: boolean | undefined;
  phone_verification_enabled?: boolean | undefined;
}

/** `enrolling` contains the secret of the factor, which is not shown again. */
export type FactorsOutcome =
  | { kind: 'enrolling'; priv_key: string; provisioning_uri: string }
  | { kind: 'enabled' }
  | { kind: 'disabled' };

/**
 * Sets the factors that the caller needs to sign in.
 *
 * A TOTP factor is set up in two calls: the first returns its secret, the second repeats the call with a code. It is
 * not required before that.
 * @throws secret_required (401), secret_wrong (401), code_wrong (400), otp_locked (403), invalid_input (400)
 */
export async function setFactors(
  ctx: Context,
  settings: AccountsSettings,
  choice: FactorChoice,
): Promise<FactorsOutcome> {
  const user = await requireSecrets(ctx, settings, choice);
  requireVerifiedChannels(user, choice);
  const at = ctx.clock.now();
  const outcome = await inTransaction(ctx.db, async (tx) => {
    await lockUserForChange(tx, ctx, user.id);
    const { email_verification_enabled: email, phone_verification_enabled: phone } = choice;
    await updateUserRow(tx, user.id, {
      ...(email === undefined ? {} : { email_verification_required: email }),
      ...(phone === undefined ? {} : { phone_verification_required: phone }),
    });
    const set = await setTotp(ctx, tx, settings, user, choice, at);
    if (set.kind === 'enabled' || set.kind === 'disabled') await voidVerificationsOf(tx, user.id, at);
    return set;
  });
  if (outcome.kind === 'locked') throw accountsProblems.otp_locked();
  if (outcome.kind === 'wrong') {
    throw fieldProblem(accountsProblems.code_wrong, { otp_code: ['This code is wrong or no longer valid.'] });
  }
  return outcome;
}

function requireVerifiedChannels(user: User, choice: FactorChoice): void {
  if (choice.email_verification_enabled && !isEmailVerified(user)) {
    throw invalidInput({ email_verification_enabled: ['Verify your e-mail address first.'] });
  }
  if (choice.phone_verification_enabled && !isPhoneVerified(user)) {
    throw invalidInput({ phone_verification_enabled: ['Verify your phone number first.'] });
  }
}

async function enrollTotp(
  ctx: Context,
  tx: Tx,
  settings: AccountsSettings,
  user: User,
  choice: FactorChoice,
  at: Date,
): Promise<FactorsOutcome | { kind: 'wrong' } | { kind: 'locked' }> {
  const factor = await lockTotp(tx, user.id);
  if (factor?.confirmed_at) return { kind: 'enabled' };

  const code = parseCode(choice.otp_code);
  if (factor && code !== null) {
    if (isTotpLocked(factor, at)) return { kind: 'locked' };
    const secret = open(factor.secret_sealed, settings.seal_key, totpBinding(user));
    const verdict = checkTotpCode(factor, secret, code, at, null);
    if (verdict.kind !== 'right') {
      await updateTotp(tx, user.id, countWrongCode(factor, at));
      return { kind: 'wrong' };
    }
    await updateTotp(tx, user.id, { confirmed_at: at, last_step: verdict.step, failures_count: 0, locked_until: null });
    await emit(tx, userCredentialsChanged({ user_id: user.id, what: 'otp_enabled' }), at);
    return { kind: 'enabled' };
  }

  const priv_key = generateTotpSecret();
  await upsertTotp(tx, user.id, seal(priv_key, settings.seal_key, totpBinding(user)), at);
  const label = user.email ?? user.username;
  return { kind: 'enrolling', priv_key, provisioning_uri: formatProvisioningUri(priv_key, label, ctx.site.title) };
}

async function setTotp(
  ctx: Context,
  tx: Tx,
  settings: AccountsSettings,
  user: User,
  choice: FactorChoice,
  at: Date,
): Promise<FactorsOutcome | { kind: 'wrong' } | { kind: 'locked' }> {
  if (choice.otp_enabled === undefined) return { kind: user.otp_enabled ? 'enabled' : 'disabled' };
  return choice.otp_enabled ? enrollTotp(ctx, tx, settings, user, choice, at) : disableTotp(tx, user, at);
}

async function disableTotp(tx: Tx, user: User, at: Date): Promise<FactorsOutcome> {
  await deleteTotp(tx, user.id);
  if (user.otp_enabled) await emit(tx, userCredentialsChanged({ user_id: user.id, what: 'otp_disabled' }), at);
  return { kind: 'disabled' };
}
