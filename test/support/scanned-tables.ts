import { sql } from 'kysely';
import type { Tx } from '#platform/db/database';

/** Returns the tables of which the transaction read rows by a scan of the whole table, those of triggers included. */
export async function findScannedTables(tx: Tx): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_stat_xact_user_tables where seq_tup_read > 0 order by relname`.execute(tx);
  return rows.map(({ name }) => name);
}
