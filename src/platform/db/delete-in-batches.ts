import { type Db, inTransaction, type Tx } from './database.ts';

const ROWS_MAX = 1000;

/**
 * Deletes in transactions of at most 1000 rows each until none is left; returns how many were deleted.
 *
 * Why: one statement over a million rows holds its locks for minutes and exceeds the time limit of a statement.
 */
export async function deleteInBatches(
  db: Db,
  deleteSome: (tx: Tx, rows_max: number) => Promise<number>,
): Promise<number> {
  let deleted_count = 0;
  for (;;) {
    const count = await inTransaction(db, (tx) => deleteSome(tx, ROWS_MAX));
    deleted_count += count;
    if (count < ROWS_MAX) return deleted_count;
  }
}
