import { type RawBuilder, sql } from 'kysely';
import { type Db, inTransaction, type Reader } from '../db/database.ts';

/** Lists whose rows are counted when they change, by name (`row_counts`). */
export type CountedList = 'profiles' | 'profiles_active' | 'users_active' | 'contacts_listed';

/** Tables whose rows are only added, with totals up to an id (`row_totals_state`). */
const growing_tables = ['charges', 'ledger_entries'] as const;

/** Selects the numbers of rows of lists as one sum, exact in the snapshot of the reader. */
export function selectCountOf(...lists: readonly CountedList[]): RawBuilder<{ count: number }> {
  const counts = lists.map((list) => sql`count_of(${list})`);
  return sql<{ count: number }>`select ${sql.join(counts, sql` + `)} as count`;
}

/** Limit of one statement: after an interruption of hours a run adds the rows of all of them, or it would never end. */
const FOLD_MS_MAX = 240_000;

/** Adds the changes since the last run to the counts and totals of lists. */
export async function foldListCounts(db: Db): Promise<void> {
  for (const fold of ['fold_row_counts', 'fold_subscription_days', 'fold_recurring_changes'])
    await runFold(db, sql`select ${sql.ref(fold)}()`);
  for (const table of growing_tables) await runFold(db, sql`select advance_totals(${table})`);
  for (const fold of ['follow_metric_zones', 'fold_metric_debts', 'fold_metric_steps', 'follow_metric_federations'])
    await runFold(db, sql`select ${sql.ref(fold)}()`);
}

async function runFold(db: Db, fold: RawBuilder<unknown>): Promise<void> {
  await inTransaction(db, async (tx) => {
    await sql`set local statement_timeout = ${sql.lit(FOLD_MS_MAX)}`.execute(tx);
    await fold.execute(tx);
  });
}

/** A count or a total that differs from the rows of its table. */
export interface CountError {
  name: string;
  expected: number;
  found: number;
}

/** Compares every count and total with the rows, in one snapshot. */
export async function findCountErrors(reader: Reader): Promise<CountError[]> {
  const { rows } = await sql<CountError>`select * from list_count_errors()`.execute(reader);
  return rows;
}
