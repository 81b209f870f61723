import type { Tx } from '#platform/db/database';
import type { Order, OrderLine } from '../records/index.ts';
import { holdCredit, lockOpenLots } from './credit-store.ts';
import { updateCreditUsed } from './noted-line-store.ts';
import { creditLinesOf, planUses, sumUsesByRank } from './lot.ts';

/**
 * Holds credit for an order that was given up and is paid after all: for each line at most what the order held before.
 * Returns the lines with what credit pays of them now.
 */
export async function holdAgain(tx: Tx, order: Order, lines: readonly OrderLine[], at: Date): Promise<OrderLine[]> {
  if (lines.every(({ credit_used }) => credit_used === 0)) return [...lines];
  const lots = await lockOpenLots(tx, order.profile_id);
  const limited = lines.map((line) => ({ ...line, amount: line.credit_used }));
  const uses = planUses(lots, creditLinesOf(order.profile_id, limited));
  const byRank = sumUsesByRank(uses);
  const held = lines.map((line) => ({ ...line, credit_used: byRank.get(line.rank) ?? 0 }));
  await holdCredit(tx, order.id, uses, at);
  await updateCreditUsed(tx, order.id, held);
  return held;
}
