import { invalidInput } from '#kernel/problem';
import type { Context } from '#platform/context';
import { inTransaction, isUniqueViolation } from '#platform/db/database';
import type { BalanceLine } from './balance-line.ts';
import { insertBalanceLine, type NewBalanceLine } from './balance-line-store.ts';

/**
 * Adds a line to a balance sheet. A sheet exists as soon as it has a line.
 *
 * @throws invalid_input (400) when another line has the rank
 */
export async function addBalanceLine(ctx: Pick<Context, 'db'>, line: NewBalanceLine): Promise<BalanceLine> {
  return withFreeRanks(() => inTransaction(ctx.db, (tx) => insertBalanceLine(tx, line)));
}

/**
 * Runs a write and converts a duplicate rank to invalid_input (400).
 *
 * The unique constraint is deferred to the commit, so one transaction can swap the ranks of two lines.
 */
export async function withFreeRanks<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isUniqueViolation(error, 'balance_lines_report_rank_key')) throw error;
    throw invalidInput({ rank: ['Another line has this rank.'] });
  }
}
