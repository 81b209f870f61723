import { sql } from 'kysely';
import type { Reader } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';

/** Deferred income that is recognised in a period, in 1/100 of the unit. */
export interface ScheduledIncome {
  /** Index of the period; that of the last bound for all time after it. */
  period: number;
  amount: number;
}

/** Sums the deferred income of a provider by the periods in which it is recognised; what is late is in the first. */
export async function sumScheduled(
  reader: Reader,
  provider_id: ProfileId,
  unit: string,
  bounds: readonly Date[],
): Promise<ScheduledIncome[]> {
  const instants = sql`${bounds.map((bound) => bound.toISOString())}::timestamptz[]`;
  // Indexes: coverages_next_window_at, order_lines_pkey, billed_uses_due, ledger_subject_balances_owed,
  // ledger_entries_written_off, ledger_entries_converted.
  const { rows } = await sql<ScheduledIncome>`
    select greatest(0, width_bucket(window_at - interval '1 second', ${instants}) - 1)::integer as period,
      sum(amount)::bigint as amount
    from metric_income_windows(${provider_id}) where unit = ${unit}
    group by 1`.execute(reader);
  return rows;
}
