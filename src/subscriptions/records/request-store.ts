import type { Selectable } from 'kysely';
import type { SubscriptionId, SubscriptionsTable } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';
import { executeFragment, fragment, type Fragment } from '#platform/db/fragment';
import { readSubscription } from './subscription-store.ts';
import type { Subscription } from './subscription.ts';

/** Condition: the provider of the subscription with this id has not accepted it. */
export function awaitsProvider(id: Fragment): Fragment {
  return fragment`exists (select from subscriptions where subscriptions.id = ${id} and request_key is not null)`;
}

/**
 * Finds requests that ended until `until` (inclusive) and were never accepted, by id. Excludes those for which
 * `isReturned`, a condition on `subscriptions`, holds. Index: subscriptions_requested_ends_at.
 */
export async function findEndedRequests(
  reader: Reader,
  until: Date,
  isReturned: Fragment,
  { after, limit }: { after: SubscriptionId | null; limit: number },
): Promise<Subscription[]> {
  const rows = await executeFragment(
    reader,
    fragment<Selectable<SubscriptionsTable>>`select * from subscriptions
      where request_key is not null and ends_at <= ${until} and id > ${after ?? 0} and not ${isReturned}
      order by id limit ${limit}`,
  );
  return rows.map(readSubscription);
}

/** Selects a request FOR UPDATE that ended until `until` and was never accepted; false if it is not one any more. */
export async function lockEndedRequest(tx: Tx, id: SubscriptionId, until: Date): Promise<boolean> {
  const row = await tx
    .selectFrom('subscriptions')
    .select('id')
    .where('id', '=', id)
    .where('request_key', 'is not', null)
    .where('ends_at', '<=', until)
    .forUpdate()
    .executeTakeFirst();
  return row !== undefined;
}
