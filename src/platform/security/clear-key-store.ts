import { sql } from 'kysely';
import type { Tx } from '../db/database.ts';
import { sealKeysOf } from './link-keys.ts';

interface ClearRow {
  id: number;
  grant_key: string | null;
  request_key: string | null;
}

/**
 * Seals the keys of a table that an earlier version stored in clear, at most `rows_max` rows. Returns the number of
 * rows changed. `table` has `grant_key`, `request_key` and a hash of each. A sealed row has both hashes and is not
 * selected.
 *
 * Locks: the selected rows FOR UPDATE, in id order.
 */
export async function sealClearKeysIn(tx: Tx, table: string, rows_max: number): Promise<number> {
  const { rows } = await sql<ClearRow>`
    select id, grant_key, request_key from ${sql.table(table)}
    where (grant_key is not null and grant_key_hash is null) or (request_key is not null and request_key_hash is null)
    order by id limit ${rows_max} for update`.execute(tx);
  for (const { id, ...keys } of rows) {
    const columns = Object.entries(sealKeysOf(keys)).map(([name, value]) => sql`${sql.ref(name)} = ${value}`);
    await sql`update ${sql.table(table)} set ${sql.join(columns)} where id = ${id}`.execute(tx);
  }
  return rows.length;
}
