import type { UserId } from '../../db/db-schema.ts';
import type { Reader, Tx } from '../../db/database.ts';

export interface UndoEntry {
  kind: string;
  inverse: unknown;
}

export async function insertUndo(
  tx: Tx,
  entry: { key_hash: string; user_id: UserId; kind: string; inverse: object; expires_at: Date },
): Promise<void> {
  await tx
    .insertInto('undo_entries')
    .values({ ...entry, inverse: JSON.stringify(entry.inverse) })
    .execute();
}

/** Finds an entry of a user that has not expired. `expires_at` is exclusive. */
export async function findUndo(
  reader: Reader,
  { key_hash, user_id, at }: { key_hash: string; user_id: UserId; at: Date },
): Promise<UndoEntry | undefined> {
  return reader
    .selectFrom('undo_entries')
    .select(['kind', 'inverse'])
    .where('key_hash', '=', key_hash)
    .where('user_id', '=', user_id)
    .where('expires_at', '>', at)
    .executeTakeFirst();
}

/** Deletes an entry; false if a concurrent request did. */
export async function deleteUndo(tx: Tx, key_hash: string): Promise<boolean> {
  const deleted = await tx.deleteFrom('undo_entries').where('key_hash', '=', key_hash).executeTakeFirst();
  return deleted.numDeletedRows > 0n;
}

/** Deletes expired entries; run by a job. */
export async function deleteExpiredUndo(tx: Tx, at: Date, rows_max: number): Promise<number> {
  // Index: undo_entries_expiry.
  const deleted = await tx
    .deleteFrom('undo_entries')
    .where('key_hash', 'in', ({ selectFrom }) =>
      selectFrom('undo_entries').select('key_hash').where('expires_at', '<=', at).orderBy('expires_at').limit(rows_max),
    )
    .executeTakeFirst();
  return Number(deleted.numDeletedRows);
}
