import { sql } from 'kysely';
import type { Reader } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';

/** What is due on orders of one age before a bound, in 1/100 of the unit. */
export interface DebtOfAge {
  /** Index of the bound. */
  position: number;
  /** Whole days since the order. */
  days: number;
  amount: number;
}

/** Sums what is due to a provider before each bound, by the age of the orders. Bounds ascend. */
export async function sumDebts(
  reader: Reader,
  provider_id: ProfileId,
  unit: string,
  bounds: readonly Date[],
): Promise<DebtOfAge[]> {
  const instants = sql`${bounds.map((bound) => bound.toISOString())}::timestamptz[]`;
  // Indexes: metric_debts_time; metric_debts_subject and ledger_entries_subject for entries that are not added yet.
  const { rows } = await sql<DebtOfAge>`
    select (position - 1)::integer as position, floor(extract(epoch from at - ordered_at) / 86400)::integer as days,
      sum(amount)::bigint as amount
    from unnest(${instants}) with ordinality as bound (at, position)
      join metric_current_debts on tstzrange(from_at, until_at, '(]') @> at
    where provider_id = ${provider_id} and unit = ${unit}
    group by 1, 2`.execute(reader);
  return rows;
}
