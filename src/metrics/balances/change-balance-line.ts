import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { withFreeRanks } from './add-balance-line.ts';
import type { BalanceLine } from './balance-line.ts';
import { type BalanceLineChange, getBalanceLine, updateBalanceLine } from './balance-line-store.ts';

/**
 * Changes title, selector or rank of a line; omitted fields keep their values.
 *
 * @throws balance_line_unknown (404), invalid_input (400) when another line has the new rank
 */
export async function changeBalanceLine(
  ctx: Context,
  report: string,
  rank: number,
  change: BalanceLineChange,
): Promise<BalanceLine> {
  return withFreeRanks(() =>
    inTransaction(ctx.db, async (tx) => {
      const line = await getBalanceLine(tx, report, rank);
      return Object.keys(change).length === 0 ? line : updateBalanceLine(tx, line.id, change);
    }),
  );
}
