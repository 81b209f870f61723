import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { refusingTakenRanks } from './add-balance-line.ts';
import type { BalanceLine } from './balance-line.ts';
import { type BalanceLineChange, findBalanceLine, updateBalanceLine } from './balance-line-store.ts';
import { metricsProblems } from './problems.ts';

/**
 * Changes what a line shows or where it stands; fields left out keep their value.
 *
 * @throws balance_line_unknown (404), invalid_input (400) when the new rank is taken
 */
export async function changeBalanceLine(
  ctx: Context,
  report: string,
  rank: number,
  change: BalanceLineChange,
): Promise<BalanceLine> {
  return refusingTakenRanks(() =>
    inTransaction(ctx.db, async (tx) => {
      const line = await findBalanceLine(tx, report, rank);
      if (!line) throw metricsProblems.balance_line_unknown();
      return Object.keys(change).length === 0 ? line : updateBalanceLine(tx, line.id, change);
    }),
  );
}
