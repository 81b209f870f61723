import type { ProfileId, SubscriptionId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { executeFragment, fragment } from '#platform/db/fragment';

/** Subscriptions of a profile and those to its plans. */
const subscriptionsOf = (profile_id: ProfileId) => fragment`select subscriptions.id from subscriptions
  where subscriptions.profile_id = ${profile_id}
    or subscriptions.plan_id in (select plans.id from plans where plans.profile_id = ${profile_id})`;

/**
 * True while an order of a profile, for it, or for its plans waits for a processor, or a change or cancellation of its
 * subscriptions does. Reads the open rows of the site, which are few. Indexes: orders_one_in_flight,
 * order_lines_order_id_rank_key, subscription_changes_open, cancellations_open.
 */
export async function hasOpenPayment(reader: Reader, profile_id: ProfileId): Promise<boolean> {
  const rows = await executeFragment(
    reader,
    fragment<{ found: number }>`select 1 as found from orders where state = 'reserved' and (profile_id = ${profile_id}
        or exists (select from order_lines line where line.order_id = orders.id
          and (line.provider_id = ${profile_id} or line.beneficiary_id = ${profile_id})))
      union all select 1 from subscription_changes where state = 'reserved'
        and subscription_id in (${subscriptionsOf(profile_id)})
      union all select 1 from cancellations where state = 'reserved'
        and subscription_id in (${subscriptionsOf(profile_id)})
      limit 1`,
  );
  return rows.length > 0;
}

/** Finds the subscriptions of a profile and to its plans that have a planned change. Primary key of pending_changes. */
export async function findPlannedChanges(reader: Reader, profile_id: ProfileId): Promise<SubscriptionId[]> {
  const rows = await executeFragment(
    reader,
    fragment<{ subscription_id: SubscriptionId }>`select subscription_id from pending_changes
      where subscription_id in (${subscriptionsOf(profile_id)}) order by subscription_id`,
  );
  return rows.map(({ subscription_id }) => subscription_id);
}
