import type { Insertable, Selectable } from 'kysely';
import type { BilledUsesTable } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';

/** Inserts uses that a request recorded. */
export async function insertBilledUses(tx: Tx, row: Insertable<BilledUsesTable>): Promise<void> {
  await tx.insertInto('billed_uses').values(row).execute();
}

/** Finds the uses that an earlier request with the same key recorded. */
export async function findBilledUses(reader: Reader, key: string): Promise<Selectable<BilledUsesTable> | undefined> {
  return reader.selectFrom('billed_uses').selectAll().where('key', '=', key).executeTakeFirst();
}
