import { invalidInput } from '#kernel/problem';
import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { userCredentialsChanged } from '../events.ts';
import type { AccountsSettings } from '../settings.ts';
import { requireSecrets, type Secrets } from '../factors/index.ts';
import { lockUserForChange } from '../sessions/index.ts';
import { parseSshKey, upsertSshKey } from '../credentials/index.ts';

/**
 * Sets or replaces the caller's public SSH key.
 *
 * @throws secret_required (401), secret_wrong (401), invalid_input (400) naming `pubkey`
 */
export async function setSshKey(
  ctx: Context,
  settings: AccountsSettings,
  input: Secrets & { pubkey: string },
): Promise<void> {
  const pubkey = parseSshKey(input.pubkey);
  if (pubkey === null) throw invalidInput({ pubkey: ['Enter a public key in the one-line format of OpenSSH.'] });
  const user = await requireSecrets(ctx, settings, input);
  const at = ctx.clock.now();
  await inTransaction(ctx.db, async (tx) => {
    await lockUserForChange(tx, ctx, user.id);
    await upsertSshKey(tx, user.id, pubkey, at);
    await emit(tx, userCredentialsChanged({ user_id: user.id, what: 'ssh_key_set' }), at);
  });
}
