import { invalidInput } from '#kernel/problem';
import type { Context } from '#platform/context';
import { inTransaction, isUniqueViolation } from '#platform/db/database';
import type { BalanceLine } from './balance-line.ts';
import { insertBalanceLine, type NewBalanceLine } from './balance-line-store.ts';

/**
 * Adds a line to a balance sheet; the sheet exists as soon as it has one.
 *
 * @throws invalid_input (400) when the rank is taken
 */
export async function addBalanceLine(ctx: Pick<Context, 'db'>, line: NewBalanceLine): Promise<BalanceLine> {
  return refusingTakenRanks(() => inTransaction(ctx.db, (tx) => insertBalanceLine(tx, line)));
}

/** Ranks are compared when the transaction commits, so that lines may trade places within one. */
export async function refusingTakenRanks<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isUniqueViolation(error, 'balance_lines_report_rank_key')) throw error;
    throw invalidInput({ rank: ['There is a line of this rank already.'] });
  }
}
