import { windowEnd } from '#kernel/position';
import type { SubscriptionId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { runTogether } from '#platform/db/together';
import { closeCoverages, type ClosedCoverage, type Closing } from './close-coverages.ts';
import { insertedCoverages } from './coverage-store.ts';
import { deleteFrozen, findFrozen, type FrozenCoverage, insertedFrozen } from './frozen-store.ts';

/**
 * Closes the coverages of a subscription and stores their time with the unearned amounts, until the subscription
 * resumes. Returns the closing and the time that is left, to the end of the last coverage. That time begins `after_ms`
 * after the resumption: 0, or the rest that stands still already.
 *
 * Locks: as `closeCoverages`.
 * @throws BooksViolation
 */
export async function freezeCoverages(
  tx: Tx,
  subscription_id: SubscriptionId,
  at: Date,
  after_ms = 0,
): Promise<Closing & { rest_ms: number }> {
  const closing = await closeCoverages(tx, { subscription_id }, at);
  // A coverage that an earlier operation closed before it began has neither time nor an amount.
  const left = closing.closed.filter(({ closed_at, ends_at }) => ends_at > closed_at);
  const rows = left.map(({ order_line_id, rank, unearned, quantity, closed_at, ends_at }) => ({
    order_line_id,
    rank,
    subscription_id,
    amount: unearned,
    quantity,
    offset_ms: after_ms + closed_at.getTime() - at.getTime(),
    length_ms: ends_at.getTime() - closed_at.getTime(),
  }));
  if (rows.length > 0) await runTogether(tx, { frozen: insertedFrozen(rows) });
  return { ...closing, rest_ms: Math.max(0, ...rows.map(({ offset_ms, length_ms }) => offset_ms + length_ms)) };
}

/**
 * Opens the time of a subscription that stands still: it runs on from `at`, with positions counted from its new end.
 * Returns that end, the new anchor; null if no time stands still. The caller has locked the subscription.
 */
export async function resumeCoverages(tx: Tx, subscription_id: SubscriptionId, at: Date): Promise<Date | null> {
  const frozen = await findFrozen(tx, subscription_id);
  if (frozen.length === 0) return null;
  const anchor_at = new Date(Math.max(...frozen.map((each) => timeOf(each, at).ends_at.getTime())));
  const opened = frozen.map((each) => {
    const { order_line_id, payer_id, amount, quantity } = each;
    const span = { anchor_at, ...timeOf(each, at) };
    const next_window_at = amount === 0 ? null : windowEnd(span, span.starts_at);
    return { order_line_id, subscription_id, payer_id, amount, quantity, ...span, next_window_at };
  });
  await runTogether(tx, { opened_coverages: insertedCoverages(opened) });
  await deleteFrozen(tx, subscription_id);
  return anchor_at;
}

/**
 * Takes the time of a subscription that stands still, which then ends: all of its amounts are unearned. Writes no
 * entry, because the income was recognised when the time stopped. The caller has locked the subscription.
 */
export async function closeFrozen(tx: Tx, subscription_id: SubscriptionId, at: Date): Promise<ClosedCoverage[]> {
  const frozen = await findFrozen(tx, subscription_id);
  if (frozen.length > 0) await deleteFrozen(tx, subscription_id);
  return frozen.map(({ offset_ms, length_ms, ...each }) => {
    const { starts_at, ends_at } = timeOf({ offset_ms, length_ms }, at);
    const nothing = { recognised: 0, recognised_until: null, next_window_at: null, earned: 0 };
    return { ...each, ...nothing, starts_at, ends_at, closed_at: starts_at, unearned: each.amount };
  });
}

/** Returns the time of a frozen coverage if the subscription resumes at `at`. */
function timeOf(
  { offset_ms, length_ms }: Pick<FrozenCoverage, 'offset_ms' | 'length_ms'>,
  at: Date,
): { starts_at: Date; ends_at: Date } {
  const starts_at = new Date(at.getTime() + offset_ms);
  return { starts_at, ends_at: new Date(starts_at.getTime() + length_ms) };
}
