import type { SubscriptionId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { executeFragment, fragment } from '#platform/db/fragment';

/**
 * True while a change or a cancellation of the subscription waits for a processor. Indexes: subscription_changes_open,
 * cancellations_open.
 */
export async function hasOpenOperation(reader: Reader, id: SubscriptionId): Promise<boolean> {
  const rows = await executeFragment(
    reader,
    fragment<{ id: number }>`select id from subscription_changes where subscription_id = ${id} and state = 'reserved'
      union all select id from cancellations where subscription_id = ${id} and state = 'reserved' limit 1`,
  );
  return rows.length > 0;
}
