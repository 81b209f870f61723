import { sealClearRoleKeys } from '#profiles';
import { sealClearSubscriptionKeys } from '#subscriptions';
import { type Db, inTransaction } from '#platform/db/database';
import { sealClearSecrets } from '#platform/jobs/outbox-store';
import { lockSetUp } from './set-up.ts';

const ROWS_MAX = 500;

/**
 * Seals what earlier versions stored in clear: keys of invitations, and secrets of events that wait. Runs at each start
 * and does nothing once it is done; a migration cannot do it, since the master key is no part of the database.
 * Returns how many rows were changed.
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
