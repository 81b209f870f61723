import type { Selectable } from 'kysely';
import type { SubscriptionId, SubscriptionsTable } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { executeFragment, fragment } from '#platform/db/fragment';
import { runTogether } from '#platform/db/together';
import { readSubscriptions } from './slot-store.ts';
import { readSubscription } from './subscription-store.ts';
import type { Subscription } from './subscription.ts';

/** Condition on `subscriptions`: its time is that of a trial that was not cancelled, and both sides agreed. */
const isTrial = fragment`auto_renew and trial_ends_at = ends_at and grant_key is null and request_key is null
  and paused_at is null and suspended_at is null`;

/** Finds trials that end after `since` and until `until`, inclusive, by id. Index: subscriptions_trials. */
export async function findTrials(
  reader: Reader,
  { since, until }: { since: Date; until: Date },
  { after, limit }: { after: SubscriptionId | null; limit: number },
): Promise<Subscription[]> {
  const rows = await executeFragment(
    reader,
    fragment<Selectable<SubscriptionsTable>>`select * from subscriptions
      where ${isTrial} and trial_ends_at > ${since} and trial_ends_at <= ${until} and id > ${after ?? 0}
      order by id limit ${limit}`,
  );
  return rows.map(readSubscription);
}

/** Selects a trial FOR UPDATE that ended until `until`; undefined if it was converted, cancelled or moved meanwhile. */
export async function lockEndedTrial(tx: Tx, id: SubscriptionId, until: Date): Promise<Subscription | undefined> {
  const { trial } = await runTogether(tx, {
    trial: {
      query: fragment`select * from subscriptions where id = ${id} and ${isTrial} and trial_ends_at <= ${until}
        for update`,
      read: readSubscriptions,
    },
  });
  return trial[0];
}
