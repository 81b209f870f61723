import { sql } from 'kysely';
import type { Tx } from '#platform/db/database';

/** Takes the advisory lock of the set-up until the transaction ends: serializes the nodes that set up one database. */
export async function lockSetUp(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('tollgate set-up', 0))`.execute(tx);
}
