import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { deleteBalanceLine } from './balance-line-store.ts';
import { metricsProblems } from './problems.ts';

/**
 * Takes a line off a balance sheet; the others keep their ranks.
 *
 * @throws balance_line_unknown (404)
 */
export async function removeBalanceLine(ctx: Context, report: string, rank: number): Promise<void> {
  const existed = await inTransaction(ctx.db, (tx) => deleteBalanceLine(tx, report, rank));
  if (!existed) throw metricsProblems.balance_line_unknown();
}
