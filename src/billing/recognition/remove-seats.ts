import { windowEnd } from '#kernel/position';
import type { SubscriptionId } from '#platform/db/db-schema';
import type { Tx } from '#platform/db/database';
import { runTogether } from '#platform/db/together';
import { type ClosedCoverage, type Closing, closeLocked } from './close-coverages.ts';
import { type Coverage, isTime } from './coverage.ts';
import { insertedCoverages, lockCoverages } from './coverage-store.ts';
import { coverageKey } from './recognise-windows.ts';

/** A coverage that lost seats: `removed` of its quantity, with `taken` of its unearned amount. */
export interface ReducedCoverage extends ClosedCoverage {
  removed: number;
  taken: number;
}

/**
 * Removes seats of a subscription from the coverages that end after `at`, the newest first, and from each period that
 * is already ordered ahead. Coverages that lose seats are closed at `at` and open again with the seats that are left
 * and their part of the unearned amount, rounded down.
 *
 * The caller credits `taken` of each. Locks: as `closeCoverages`.
 * @throws BooksViolation
 * @see docs/decisions/0082-recognition-of-income.md
 */
export async function removeSeats(
  tx: Tx,
  { subscription_id, count }: { subscription_id: SubscriptionId; count: number },
  at: Date,
): Promise<Omit<Closing, 'closed'> & { closed: ReducedCoverage[] }> {
  const coverages = (await lockCoverages(tx, { subscription_id }, at)).filter(isTime);
  const removals = planRemovals(coverages, count, at);
  const { entries, closed } = await closeLocked(
    tx,
    coverages.filter((coverage) => removals.has(coverageKey(coverage))),
    at,
  );
  const reduced = closed.map((coverage): ReducedCoverage => {
    const removed = removals.get(coverageKey(coverage)) ?? 0;
    return { ...coverage, removed, taken: coverage.unearned - keptOf(coverage, removed) };
  });
  const kept = reduced.filter(({ quantity, removed }) => quantity > removed).map(reopened);
  if (kept.length > 0) await runTogether(tx, { opened_coverages: insertedCoverages(kept) });
  return { entries, closed: reduced };
}

/** Returns the seats to remove from each coverage, by its key, in the order of removal. Pure. */
export function planRemovals(coverages: readonly Coverage[], count: number, at: Date): Map<string, number> {
  const removals = new Map<string, number>();
  // Coverages of one period add up to its quantity; a period that is ordered ahead has all seats again.
  const periods = Map.groupBy(coverages, ({ starts_at }) => (starts_at <= at ? 0 : starts_at.getTime()));
  for (const period of periods.values()) {
    let left = count;
    for (const coverage of period.toSorted((a, b) => b.order_line_id - a.order_line_id || b.rank - a.rank)) {
      const removed = Math.min(left, coverage.quantity);
      if (removed > 0) removals.set(coverageKey(coverage), removed);
      left -= removed;
    }
  }
  return removals;
}

/** Returns the part of the unearned amount that the remaining seats keep. */
function keptOf({ unearned, quantity }: ClosedCoverage, removed: number): number {
  return Number((BigInt(unearned) * BigInt(quantity - removed)) / BigInt(quantity));
}

function reopened({ unearned, taken, quantity, removed, closed_at: starts_at, ...coverage }: ReducedCoverage) {
  const { order_line_id, subscription_id, payer_id, anchor_at, ends_at } = coverage;
  const amount = unearned - taken;
  const next_window_at = amount === 0 ? null : windowEnd({ anchor_at, starts_at, ends_at }, starts_at);
  const parties = { order_line_id, subscription_id, payer_id };
  return { ...parties, amount, quantity: quantity - removed, anchor_at, starts_at, ends_at, next_window_at };
}
