import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { requireUser } from '../actor.ts';
import {
  hashNewPassword,
  type ApiKeyEntry,
  deleteApiKeys,
  findApiKeys,
  requirePasswordPolicy,
} from '../credentials/index.ts';
import { userActivated, userResetPassword } from '../events.ts';
import { endSessions, lockUserForChange, type OpenedSession, openSession } from '../sessions/index.ts';
import type { AccountsSettings } from '../settings.ts';
import { updateUserRow, type User } from '../identity/index.ts';
import { voidVerificationsOf } from '../verifications/index.ts';
import { requireOwnSecrets, requireSecrets, type Secrets } from '../factors/index.ts';

export interface PasswordChange extends Secrets {
  new_password: string;
  /** Deletes the API keys of the user too. */
  revoke_api_keys?: boolean | undefined;
}

export interface PasswordChangeResult {
  /** The new session of a browser; null for callers without a cookie. */
  session: OpenedSession | null;
  /** The API keys that still open the account. */
  api_keys: ApiKeyEntry[];
}

/**
 * Sets a new password for the caller and ends every session, token and link of the user. API keys stay unless the caller
 * asks to delete them; those that stay are returned.
 *
 * A browser gets a new session in exchange for its present one, so that the person who changes a password stays signed in.
 * @throws secret_required (401), secret_wrong (401), otp_locked (403), invalid_input (400) naming `new_password`
 */
export async function changePassword(
  ctx: Context,
  settings: AccountsSettings,
  input: PasswordChange,
): Promise<PasswordChangeResult> {
  const { user_id, username, via } = requireUser(ctx);
  await requirePasswordPolicy(settings, input.new_password, { username });
  const user = await requireSecrets(ctx, settings, input);
  const password_hash = await hashNewPassword(settings, input.new_password, user);

  const at = ctx.clock.now();
  return inTransaction(ctx.db, async (tx) => {
    await lockUserForChange(tx, ctx, user_id);
    await updateUserRow(tx, user_id, { password_hash });
    await endSessions(tx, user_id, at);
    if (input.revoke_api_keys === true) await deleteApiKeys(tx, user_id);
    await voidVerificationsOf(tx, user_id, at);
    await emit(tx, user.has_password ? userResetPassword({ user_id, how: 'changed' }) : userActivated({ user_id }), at);
    const session =
      via === 'cookie' ? await openSession(tx, settings, { user, kind: 'cookie', peer: ctx.peer }, at) : null;
    return { session, api_keys: await findApiKeys(tx, user_id) };
  });
}

/**
 * Removes a user's password and ends every session: the next sign-in leads through a link in an e-mail.
 *
 * A user gives a secret for it; a manager of the broker may do it for another user.
 * @throws api_key_refused (403), secret_required (401), secret_wrong (401), otp_locked (403)
 */
export async function removePassword(
  ctx: Context,
  settings: AccountsSettings,
  user: User,
  secrets: Secrets,
): Promise<void> {
  await requireOwnSecrets(ctx, settings, user, secrets);
  const at = ctx.clock.now();
  await inTransaction(ctx.db, async (tx) => {
    await lockUserForChange(tx, ctx, user.id);
    await updateUserRow(tx, user.id, { password_hash: null });
    await endSessions(tx, user.id, at);
    await voidVerificationsOf(tx, user.id, at);
    await emit(tx, userResetPassword({ user_id: user.id, how: 'removed' }), at);
  });
}
