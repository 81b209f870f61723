import { type Db, inTransaction } from '#platform/db/database';
import { insertSeal } from './chain-store.ts';

/** Events of one seal at most: it bounds the length of a transaction. */
const EVENTS_MAX = 10_000;

/**
 * Seals all events that wait; returns their number.
 *
 * An event waits from its commit on, in no order of ids, so that an event that commits late is in a later seal.
 * Locks: none that posting takes. While another node seals, returns what this node sealed.
 * @see docs/decisions/0069-ledger-hash-chain.md
 */
export async function sealLedger(db: Db): Promise<number> {
  let sealed_count = 0;
  for (;;) {
    const count = await inTransaction(db, (tx) => insertSeal(tx, EVENTS_MAX));
    sealed_count += count;
    if (count < EVENTS_MAX) return sealed_count;
  }
}
