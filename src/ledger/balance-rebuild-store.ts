import { sql } from 'kysely';
import type { Tx } from '#platform/db/database';

/** Writes the projection of the entries anew, without a statement timeout. */
export async function writeBalances(tx: Tx): Promise<void> {
  await sql`set local statement_timeout = 0`.execute(tx);
  await sql`select ledger_rebuild_balances()`.execute(tx);
}
