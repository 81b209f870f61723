import type { Tx } from '#platform/db/database';
import type { UserId } from '#platform/db/db-schema';
import { updateUserRow } from './user-store.ts';

/**
 * Applies a change of the personal profile to its user: the full name, the picture and, after a rename, the username.
 *
 * The caller has claimed the new name for both. The e-mail address is never copied: a manager of the profile could
 * otherwise take over the account.
 */
export async function updateUserFromProfile(
  tx: Tx,
  user_id: UserId,
  change: { username?: string; full_name?: string; picture?: string | null },
): Promise<void> {
  await updateUserRow(tx, user_id, change);
}
