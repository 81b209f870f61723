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
  /** True also deletes the API keys of the user. */
  revoke_api_keys?: boolean | undefined;
}

export interface PasswordChangeResult {
  /** New session of the browser; null for callers without a cookie. */
  session: OpenedSession | null;
  /** API keys that stay valid. */
  api_keys: ApiKeyEntry[];
}

/**
 * Sets a new password for the caller and ends every session, token and link of the user.
 *
 * API keys stay valid unless the caller revokes them; returns those that stay. A browser gets a new session, so that
 * the caller stays signed in.
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
 * Removes a user's password and ends every session. The next sign-in requires a link from an e-mail.
 *
 * A user gives a secret; a manager of the broker may remove the password of another user.
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
