import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { hashNewPassword, deleteApiKeys } from '../credentials/index.ts';
import { userResetPassword } from '../events.ts';
import { accountsProblems } from '../problems.ts';
import { endSessions } from '../sessions/index.ts';
import type { AccountsDeps } from '../hooks.ts';
import { updateUserRow } from '../identity/index.ts';
import { findUsableLink, lockLink } from './activate-user.ts';
import { proveAddress } from '../factors/index.ts';
import { sendLink, consumeVerification, voidVerificationsOf } from '../verifications/index.ts';

export interface PasswordReset {
  new_password?: string | undefined;
  /** Deletes the API keys of the user too. A first proof of the address always does. */
  revoke_api_keys?: boolean | undefined;
}

/**
 * Removes or replaces a password through a link.
 *
 * Verifies the address and ends every session. Without a new password a new link is sent. No session is opened.
 *
 * @throws verification_unknown (404), invalid_input (400) naming `new_password`
 */
export async function resetPassword(
  ctx: Context,
  { settings, hooks }: AccountsDeps,
  key: string,
  { new_password, revoke_api_keys }: PasswordReset,
): Promise<void> {
  const link = await findUsableLink(ctx, settings, key);
  const user = link?.user;
  if (!user) throw accountsProblems.verification_unknown();
  const password_hash = new_password === undefined ? null : await hashNewPassword(settings, new_password, user);

  const at = ctx.clock.now();
  await inTransaction(ctx.db, async (tx) => {
    const { verification } = await lockLink(tx, key, at);
    const { channel } = verification;
    const proved = { email: channel === 'email', phone: channel === 'phone', otp: false };
    const owner = await proveAddress(tx, hooks, user, { proved, session_id: null, knows_password: false }, at);
    await updateUserRow(tx, user.id, { password_hash });
    await endSessions(tx, user.id, at);
    if (revoke_api_keys === true) await deleteApiKeys(tx, user.id);
    await consumeVerification(tx, verification.id, at);
    await voidVerificationsOf(tx, user.id, at);
    if (password_hash === null) await sendLink(ctx, tx, settings, owner, 'activate', channel);
    await emit(tx, userResetPassword({ user_id: user.id, how: 'link' }), at);
  });
}
