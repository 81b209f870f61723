import { sql } from 'kysely';
import type { Reader } from '#platform/db/database';

/** Net movement of one account, over all profiles, between two bounds. */
export interface AccountMovement {
  account: string;
  /** Number of bounds at or before the entries: the amount is part of the balance at every bound from this index on. */
  bounds_passed: number;
  /** Received less sent, in 1/100 of the requested unit. */
  amount: number;
}

/**
 * Sums the entries of the whole ledger in one unit, by account and by the bounds between which they lie. The last bound
 * is exclusive.
 */
export async function findAccountMovements(
  reader: Reader,
  unit: string,
  bounds: readonly Date[],
): Promise<AccountMovement[]> {
  const instants = sql`${bounds.map((bound) => bound.toISOString())}::timestamptz[]`;
  const last = bounds.at(-1);
  // One scan of ledger_entries_created_at serves all lines and bounds.
  const { rows } = await sql<AccountMovement>`
    select account, width_bucket(created_at, ${instants}) as bounds_passed, sum(amount) as amount
    from ledger_entries, lateral (values
      (dest_account, dest_amount, dest_unit), (orig_account, -orig_amount, orig_unit)
    ) as posting (account, amount, unit)
    where created_at < ${last} and unit = ${unit}
    group by 1, 2 order by 1, 2`.execute(reader);
  return rows;
}
