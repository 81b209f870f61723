import { sql } from 'kysely';
import type { Tx } from '#platform/db/database';

/** Writes the balances, totals of lists and figures of reports anew from the entries, without a statement timeout. */
export async function writeBalances(tx: Tx): Promise<void> {
  await sql`set local statement_timeout = 0`.execute(tx);
  await sql`select ledger_rebuild_balances()`.execute(tx);
  await sql`select rebuild_list_counts()`.execute(tx);
}
