import type { SubscriptionId } from '#platform/db/db-schema';
import type { Reader, Tx } from '#platform/db/database';

/** True if the money of a request was given back. */
export async function hasReturned(reader: Reader, subscription_id: SubscriptionId): Promise<boolean> {
  const query = reader.selectFrom('returned_requests').select('returned_at');
  return (await query.where('subscription_id', '=', subscription_id).executeTakeFirst()) !== undefined;
}

/** Records that the money of a request is given back; the caller has locked the subscription. */
export async function insertReturned(tx: Tx, subscription_id: SubscriptionId, returned_at: Date): Promise<void> {
  await tx
    .insertInto('returned_requests')
    .values({ subscription_id, returned_at })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
