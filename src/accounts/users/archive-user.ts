import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db';
import { emit } from '#platform/events';
import { requireUser } from '../actor.ts';
import { deleteApiKeys } from '../api-keys/api-key-store.ts';
import { deleteSshKey } from '../credentials/set-ssh-key.ts';
import { deleteTotp } from '../credentials/totp-store.ts';
import { userArchived } from '../events.ts';
import type { AccountsHooks } from '../hooks.ts';
import { endSessions } from '../sessions/session-store.ts';
import { useVerificationsOf } from '../verifications/verification-store.ts';
import { claimName, releaseName } from './name-store.ts';
import { updateUserRow } from './user-store.ts';
import type { User } from './user.ts';
import { archivedUsername } from './username.ts';

/**
 * Archives a user: an opaque name stays where history refers to them, everything that told who they were is wiped, and
 * nothing of theirs opens anything any more. The e-mail address may be used again at once.
 */
export async function archiveUser(ctx: Context, hooks: AccountsHooks, user: User): Promise<void> {
  const originated_by = requireUser(ctx).user_id;
  const at = ctx.clock.now();
  await inTransaction(ctx.db, async (tx) => {
    await hooks.onArchive(tx, { user, site: ctx.site, originated_by }, at);
    await endSessions(tx, user.id, at);
    await useVerificationsOf(tx, user.id, at);
    await deleteApiKeys(tx, user.id);
    await deleteTotp(tx, user.id);
    await deleteSshKey(tx, user.id);
    await releaseName(tx, user.username, at);
    await claimName(tx, archivedUsername(user.id), { user_id: user.id }, at);
    await updateUserRow(tx, user.id, {
      username: archivedUsername(user.id),
      email: null,
      email_verified_at: null,
      phone: null,
      phone_verified_at: null,
      full_name: '',
      nick_name: '',
      picture: null,
      extra: null,
      password_hash: null,
      is_active: false,
      email_verification_required: false,
      phone_verification_required: false,
    });
    await emit(tx, userArchived({ user_id: user.id, originated_by }), at);
  });
}
