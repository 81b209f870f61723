import type { Tx } from '#platform/db/database';
import type { UserId } from '#platform/db/db-schema';
import { updateUserRow } from './user-store.ts';

/**
 * Lets a user follow a change of the personal profile: its name and, when it was renamed, its slug.
 *
 * The new name must have been claimed for both. The e-mail address never follows: whoever may edit a profile could
 * otherwise take over the account.
 */
export async function updateUserFromProfile(
  tx: Tx,
  user_id: UserId,
  change: { username?: string; full_name?: string },
): Promise<void> {
  await updateUserRow(tx, user_id, change);
}
