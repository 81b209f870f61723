import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { deleteBalanceLine } from './balance-line-store.ts';
import { metricsProblems } from '../problems.ts';

/**
 * Removes a line from a balance sheet; the other lines keep their ranks.
 *
 * @throws balance_line_unknown (404)
 */
export async function removeBalanceLine(ctx: Context, report: string, rank: number): Promise<void> {
  const is_removed = await inTransaction(ctx.db, (tx) => deleteBalanceLine(tx, report, rank));
  if (!is_removed) throw metricsProblems.balance_line_unknown();
}
