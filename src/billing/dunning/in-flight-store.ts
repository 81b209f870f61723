import type { ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { executeFragment, fragment } from '#platform/db/fragment';

/** True if an order of a payer waits for its payment. Index: orders_one_in_flight. */
export async function hasOrderInFlight(reader: Reader, payer_id: ProfileId): Promise<boolean> {
  const rows = await executeFragment(
    reader,
    fragment`select from orders where profile_id = ${payer_id} and state = 'reserved'`,
  );
  return rows.length > 0;
}
