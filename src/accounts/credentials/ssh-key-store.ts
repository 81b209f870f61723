import type { Reader, Tx } from '#platform/db/database';
import type { UserId } from '#platform/db/db-schema';

/** Inserts or replaces the user's SSH key. */
export async function upsertSshKey(tx: Tx, user_id: UserId, pubkey: string, at: Date): Promise<void> {
  await tx
    .insertInto('ssh_keys')
    .values({ user_id, pubkey, updated_at: at })
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet({ pubkey, updated_at: at }))
    .execute();
}

/** Finds the user's SSH key. */
export async function findSshKey(
  reader: Reader,
  user_id: UserId,
): Promise<{ pubkey: string; updated_at: Date } | undefined> {
  return reader
    .selectFrom('ssh_keys')
    .select(['pubkey', 'updated_at'])
    .where('user_id', '=', user_id)
    .executeTakeFirst();
}

/** Deletes a user's SSH key; true if there was one. */
export async function deleteSshKey(tx: Tx, user_id: UserId): Promise<boolean> {
  const deleted = await tx.deleteFrom('ssh_keys').where('user_id', '=', user_id).executeTakeFirst();
  return deleted.numDeletedRows > 0n;
}
