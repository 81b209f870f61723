import { sql } from 'kysely';
import type { Reader } from '#platform/db/database';

/** What all profiles together moved in or out of one account between two bounds. */
export interface AccountMovement {
  account: string;
  /** How many bounds are not after the entries: they count as of every bound from this index on. */
  bounds_passed: number;
  /** Units: 1/100 of the unit asked for; what came in less what went out. */
  amount: number;
}

/** Sums the whole ledger before the last bound, in one unit, by account and by the bounds between which entries fall. */
export async function movementsByAccount(
  reader: Reader,
  unit: string,
  bounds: readonly Date[],
): Promise<AccountMovement[]> {
  const instants = sql`${bounds.map((bound) => bound.toISOString())}::timestamptz[]`;
  const last = bounds.at(-1);
  // One pass over ledger_entries_created_at for all lines and bounds.
  const { rows } = await sql<AccountMovement>`
    select account, width_bucket(created_at, ${instants}) as bounds_passed, sum(amount) as amount
    from ledger_entries, lateral (values
      (dest_account, dest_amount, dest_unit), (orig_account, -orig_amount, orig_unit)
    ) as posting (account, amount, unit)
    where created_at < ${last} and unit = ${unit}
    group by 1, 2 order by 1, 2`.execute(reader);
  return rows;
}
