import { commonProblems } from '#kernel/problem';
import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { requireQuota } from '#platform/security/quota';
import { requireSecrets, type Secrets } from '../factors/index.ts';
import { lockUserForChange } from '../sessions/index.ts';
import { userCredentialsChanged } from '../events.ts';
import { apiKeysQuota } from '../quotas.ts';
import type { AccountsSettings } from '../settings.ts';
import { countApiKeys, deleteApiKey, generateApiKey, insertApiKey } from '../credentials/index.ts';

/**
 * Creates an API key of the caller. The returned text is the only copy.
 *
 * @throws secret_required (401), secret_wrong (401), otp_locked (403), quota_exceeded (409)
 */
export async function createApiKey(
  ctx: Context,
  settings: AccountsSettings,
  input: Secrets & { title?: string | undefined },
): Promise<string> {
  const user = await requireSecrets(ctx, settings, input);
  const at = ctx.clock.now();
  const key = generateApiKey();
  const ends_at = new Date(at.getTime() + settings.api_key_lifetime_days * 86_400_000);
  await inTransaction(ctx.db, async (tx) => {
    await lockUserForChange(tx, ctx, user.id);
    requireQuota(apiKeysQuota, await countApiKeys(tx, user.id));
    await insertApiKey(tx, { user_id: user.id, title: input.title ?? '', key, created_at: at, ends_at });
    await emit(tx, userCredentialsChanged({ user_id: user.id, what: 'api_key_created' }), at);
  });
  return `${key.public_half}${key.private_half}`;
}

/**
 * Deletes an API key of the caller by its public half.
 *
 * @throws not_found (404), secret_required (401), secret_wrong (401)
 */
export async function removeApiKey(
  ctx: Context,
  settings: AccountsSettings,
  public_half: string,
  secrets: Secrets,
): Promise<void> {
  const user = await requireSecrets(ctx, settings, secrets);
  const at = ctx.clock.now();
  await inTransaction(ctx.db, async (tx) => {
    await lockUserForChange(tx, ctx, user.id);
    if (!(await deleteApiKey(tx, user.id, public_half))) throw commonProblems.not_found();
    await emit(tx, userCredentialsChanged({ user_id: user.id, what: 'api_key_deleted' }), at);
  });
}
