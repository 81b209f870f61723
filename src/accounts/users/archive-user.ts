import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { requireUser } from '../actor.ts';
import { deleteApiKeys, deleteSshKey, deleteTotp } from '../credentials/index.ts';
import { requireOwnSecrets, type Secrets } from '../factors/index.ts';
import { endSessions, lockUserForChange } from '../sessions/index.ts';
import { userArchived } from '../events.ts';
import type { AccountsDeps } from '../hooks.ts';
import { voidStopLinksOf, voidVerificationsOf } from '../verifications/index.ts';
import {
  formatArchivedUsername,
  claimName,
  printableName,
  releaseName,
  updateUserRow,
  type User,
} from '../identity/index.ts';

/**
 * Archives a user: removes every credential and wipes the personal data. The row stays for its history, under an opaque
 * username. The e-mail address is free immediately; a notice is sent to it.
 *
 * A user gives a secret; a manager of the broker may archive another user.
 * `force`: the credit of the personal profile may be lost.
 * @throws api_key_refused (403), secret_required (401), secret_wrong (401), otp_locked (403)
 */
export async function archiveUser(
  ctx: Context,
  { settings, hooks }: AccountsDeps,
  user: User,
  secrets: Secrets,
  { force = false }: { force?: boolean } = {},
): Promise<void> {
  const originated_by = requireUser(ctx).user_id;
  await requireOwnSecrets(ctx, settings, user, secrets);
  const at = ctx.clock.now();
  await inTransaction(ctx.db, async (tx) => {
    await lockUserForChange(tx, ctx, user.id);
    await hooks.onArchive(tx, { user, site: ctx.site, originated_by, force }, at);
    await endSessions(tx, user.id, at);
    await voidVerificationsOf(tx, user.id, at);
    await voidStopLinksOf(tx, user.id, at);
    await deleteApiKeys(tx, user.id);
    await deleteTotp(tx, user.id);
    await deleteSshKey(tx, user.id);
    await releaseName(tx, user.username, at);
    await claimName(tx, formatArchivedUsername(user.id), { user_id: user.id }, at);
    await updateUserRow(tx, user.id, {
      username: formatArchivedUsername(user.id),
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
    await emit(
      tx,
      userArchived({ user_id: user.id, originated_by, address: user.email, name: printableName(user) }),
      at,
    );
  });
}
