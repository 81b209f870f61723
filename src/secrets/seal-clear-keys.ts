import { sealClearRoleKeys } from '#profiles';
import { sealClearSubscriptionKeys } from '#subscriptions';
import { type Db, inTransaction } from '#platform/db/database';
import { sealClearSecrets } from '#platform/jobs/outbox-store';
import { lockSetUp } from '../set-up/set-up-store.ts';

const ROWS_MAX = 500;

/**
 * Seals keys that earlier versions stored in clear text: keys of invitations, and secrets of events in the outbox.
 * Returns the number of changed rows: 0 from the second start on. Runs in transactions of at most 500 rows.
 *
 * Why no migration: the master key is not stored in the database. Locks: the advisory lock of the set-up.
 */
export async function sealClearKeys(db: Db): Promise<number> {
  let sealed = 0;
  for (const sealRows of [sealClearRoleKeys, sealClearSubscriptionKeys, sealClearSecrets]) {
    for (let count = ROWS_MAX; count === ROWS_MAX; sealed += count) {
      count = await inTransaction(db, async (tx) => {
        await lockSetUp(tx);
        return sealRows(tx, ROWS_MAX);
      });
    }
  }
  return sealed;
}
