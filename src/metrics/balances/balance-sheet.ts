import { slugify } from '#kernel/slug';
import { type BalanceLine, selectsAccount } from './balance-line.ts';
import type { AccountMovement } from './balance-sheet-store.ts';

/** A line of the sheet with its balance at each bound, in 1/100 of the unit. */
export interface BalanceSeries {
  slug: string;
  title: string;
  selector: string;
  extra: null;
  values: [at: string, amount: number][];
}

/**
 * Returns the series of a balance sheet: the balance of the accounts of each line at each bound (exclusive).
 *
 * A line with `is_positive` shows the amount without its sign. Pure.
 */
export function sumBalanceSheet(
  lines: readonly BalanceLine[],
  movements: readonly AccountMovement[],
  bounds: readonly Date[],
): BalanceSeries[] {
  return lines.map((line) => {
    const own = movements.filter(({ account }) => selectsAccount(line, account));
    return {
      slug: slugify(line.title),
      title: line.title,
      selector: line.selector,
      extra: null,
      values: bounds.map((bound, index) => {
        const held = own.reduce((sum, { bounds_passed, amount }) => (bounds_passed <= index ? sum + amount : sum), 0);
        return [bound.toISOString(), line.is_positive ? Math.abs(held) : held];
      }),
    };
  });
}
