import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db';
import { emit } from '#platform/events';
import { acceptPassword } from '../credentials/accept-password.ts';
import { userResetPassword } from '../events.ts';
import { accountsProblems } from '../problems.ts';
import { endSessions } from '../sessions/session-store.ts';
import type { AccountsSettings } from '../settings.ts';
import { updateUserRow } from '../users/user-store.ts';
import { findUsableLink } from './activate-user.ts';
import { sendLink } from './send-verification.ts';
import { isKeyUsable } from './verification.ts';
import { lockVerificationByKey, useVerification, useVerificationsOf } from './verification-store.ts';

/**
 * Makes a password worthless through a link and ends every session; a fresh link follows by e-mail. With a new password,
 * that is set instead. Nobody is signed in by it.
 *
 * @throws verification_unknown (404), invalid_input (400) naming `new_password`
 */
export async function resetPassword(
  ctx: Context,
  settings: AccountsSettings,
  key: string,
  new_password: string | undefined,
): Promise<void> {
  const link = await findUsableLink(ctx, settings, key);
  const user = link?.user;
  if (!user) throw accountsProblems.verification_unknown();
  const password_hash = new_password === undefined ? null : await acceptPassword(settings, new_password, user);

  const at = ctx.clock.now();
  await inTransaction(ctx.db, async (tx) => {
    const verification = await lockVerificationByKey(tx, key);
    if (!verification || !isKeyUsable(verification, at)) throw accountsProblems.verification_unknown();
    await updateUserRow(tx, user.id, { password_hash });
    await endSessions(tx, user.id, at);
    await useVerification(tx, verification.id, at);
    await useVerificationsOf(tx, user.id, at);
    if (password_hash === null) await sendLink(ctx, tx, settings, user, 'activate');
    await emit(tx, userResetPassword({ user_id: user.id, how: 'link' }), at);
  });
}
