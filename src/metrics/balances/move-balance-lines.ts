import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import { metricsProblems } from '../problems.ts';
import { shiftBalanceLines } from './balance-line-store.ts';

/** A move of the line of one rank to another; the lines between shift by one. */
export interface LineMove {
  oldpos: number;
  newpos: number;
}

/**
 * Moves lines of a balance sheet, one after the other. All are moved, or none.
 *
 * @throws balance_line_unknown (404)
 */
export async function moveBalanceLines(ctx: Context, report: string, moves: readonly LineMove[]): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    for (const { oldpos, newpos } of moves)
      if (!(await shiftBalanceLines(tx, report, oldpos, newpos))) throw metricsProblems.balance_line_unknown();
  });
}
