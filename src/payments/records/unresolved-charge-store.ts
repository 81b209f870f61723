import type { ChargeAttemptId, ProfileId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import { executeFragment, fragment } from '#platform/db/fragment';
import type { Part } from '#platform/db/together';
import type { Charge } from './charge.ts';

/** Returns the oldest charge of a customer that the processor accepted and has not decided. */
export async function findUnresolvedCharge(reader: Reader, profile_id: ProfileId): Promise<Charge | undefined> {
  return reader
    .selectFrom('charges')
    .selectAll()
    .where('profile_id', '=', profile_id)
    .where('state', '=', 'created')
    .orderBy('created_at')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
}

/** Returns which of the customers have a charge like that of `findUnresolvedCharge`. Index: charges_unsettled. */
export async function findUnresolvedCustomers(
  reader: Reader,
  profile_ids: readonly ProfileId[],
): Promise<Set<ProfileId>> {
  const rows = await executeFragment(
    reader,
    fragment<{ profile_id: ProfileId }>`select distinct profile_id from charges
    where profile_id = any(${[...profile_ids]}::bigint[]) and state = 'created'`,
  );
  return new Set(rows.map(({ profile_id }) => profile_id));
}

/** Part that is true if a customer has a charge like that of `findUnresolvedCharge`. */
export function unresolvedCharge(profile_id: ProfileId): Part<boolean> {
  return {
    query: fragment`select 1 as found from charges where profile_id = ${profile_id} and state = 'created' limit 1`,
    read: (rows) => rows.length > 0,
  };
}

/** True if the processor accepted one of these attempts and has not decided. */
export async function hasUnresolvedCharge(reader: Reader, attempt_ids: readonly ChargeAttemptId[]): Promise<boolean> {
  if (attempt_ids.length === 0) return false;
  const row = await reader
    .selectFrom('charges')
    .select('id')
    .where('charge_attempt_id', 'in', attempt_ids)
    .where('state', '=', 'created')
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * True if the outcome of a call that charges or pays out at a processor is not known: it is under way, or its response
 * was lost. Indexes: charge_attempts_unresolved, payouts_open.
 */
export async function hasOpenCall(reader: Reader, processor: string): Promise<boolean> {
  const [row] = await executeFragment(
    reader,
    fragment<{ is_open: boolean }>`select
      exists (select from charge_attempts where processor = ${processor} and state = 'reserved')
      or exists (select from payouts where processor = ${processor} and state = 'reserved') as is_open`,
  );
  return row?.is_open === true;
}
