import type { Insertable, Selectable } from 'kysely';
import type { LedgerVerificationsTable } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';

export async function insertVerification(tx: Tx, row: Insertable<LedgerVerificationsTable>): Promise<void> {
  await tx.insertInto('ledger_verifications').values(row).execute();
}

export async function findLastVerification(reader: Reader): Promise<Selectable<LedgerVerificationsTable> | undefined> {
  return reader.selectFrom('ledger_verifications').selectAll().orderBy('id', 'desc').limit(1).executeTakeFirst();
}
