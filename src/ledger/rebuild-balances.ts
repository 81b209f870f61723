import { inTransaction, type Db } from '#platform/db/database';
import { writeBalances } from './balance-rebuild-store.ts';

/**
 * Writes the balances of the ledger, the totals of its lists and the figures of reports anew from its entries. It
 * repairs those that `verifyLedger` reports, for example after a restore without triggers.
 *
 * Locks: posting waits until the end; reads of balances continue with the former values.
 */
export async function rebuildBalances(db: Db): Promise<void> {
  await inTransaction(db, writeBalances);
}
