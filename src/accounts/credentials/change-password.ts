import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db';
import { emit } from '#platform/events';
import { requireUser } from '../actor.ts';
import { userActivated, userResetPassword } from '../events.ts';
import { openSession, type OpenedSession } from '../sessions/open-session.ts';
import { endSessions } from '../sessions/session-store.ts';
import type { AccountsSettings } from '../settings.ts';
import { updateUserRow } from '../users/user-store.ts';
import type { User } from '../users/user.ts';
import { useVerificationsOf } from '../verifications/verification-store.ts';
import { acceptPassword, requireAcceptable } from './accept-password.ts';
import { requireSecrets, type Secrets } from './require-secrets.ts';

/**
 * Sets a new password for the caller and ends every session, token and link of theirs.
 *
 * A browser gets a session of its own in exchange, so that whoever changes a password stays where they are: answered,
 * and null for callers without a cookie.
 * @throws secret_required (401), secret_wrong (401), otp_locked (403), invalid_input (400) naming `new_password`
 */
export async function changePassword(
  ctx: Context,
  settings: AccountsSettings,
  input: Secrets & { new_password: string },
): Promise<OpenedSession | null> {
  const { user_id, username, via } = requireUser(ctx);
  await requireAcceptable(settings, input.new_password, { username });
  const user = await requireSecrets(ctx, settings, input);
  const password_hash = await acceptPassword(settings, input.new_password, user);

  const at = ctx.clock.now();
  return inTransaction(ctx.db, async (tx) => {
    await updateUserRow(tx, user_id, { password_hash });
    await endSessions(tx, user_id, at);
    await useVerificationsOf(tx, user_id, at);
    await emit(tx, user.has_password ? userResetPassword({ user_id, how: 'changed' }) : userActivated({ user_id }), at);
    return via === 'cookie' ? openSession(tx, settings, { user, kind: 'cookie', peer: ctx.peer }, at) : null;
  });
}

/** Takes a user's password away and ends every session: the next sign-in leads through a link in an e-mail. */
export async function removePassword(ctx: Context, user: User): Promise<void> {
  const at = ctx.clock.now();
  await inTransaction(ctx.db, async (tx) => {
    await updateUserRow(tx, user.id, { password_hash: null });
    await endSessions(tx, user.id, at);
    await useVerificationsOf(tx, user.id, at);
    await emit(tx, userResetPassword({ user_id: user.id, how: 'removed' }), at);
  });
}
