import type { ChargeAttemptId, ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { executeFragment, fragment } from '#platform/db/fragment';
import type { RenewalCharge } from './dunning-store.ts';

/** True if an order of a payer waits for its payment. Index: orders_one_in_flight. */
export async function hasOrderInFlight(reader: Reader, payer_id: ProfileId): Promise<boolean> {
  const rows = await executeFragment(
    reader,
    fragment`select from orders where profile_id = ${payer_id} and state = 'reserved'`,
  );
  return rows.length > 0;
}

/** Finds the automatic charge of an attempt whose outcome is not noted. Index: primary key. */
export async function findOpenRenewalCharge(reader: Reader, id: ChargeAttemptId): Promise<RenewalCharge | undefined> {
  return reader
    .selectFrom('renewal_charges')
    .selectAll()
    .where('charge_attempt_id', '=', id)
    .where('closed_at', 'is', null)
    .executeTakeFirst();
}

/** Returns which of the payers have an order that waits for its payment. Index: orders_one_in_flight. */
export async function findOrderingPayers(reader: Reader, payer_ids: readonly ProfileId[]): Promise<Set<ProfileId>> {
  const rows = await executeFragment(
    reader,
    fragment<{ profile_id: ProfileId }>`select profile_id from orders
    where profile_id = any(${[...payer_ids]}::bigint[]) and state = 'reserved'`,
  );
  return new Set(rows.map(({ profile_id }) => profile_id));
}
