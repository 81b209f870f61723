import { slugify } from '#kernel/slug';
import { type BalanceLine, selectsAccount } from './balance-line.ts';
import type { SumsAt } from '../sum-store.ts';

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
 * `sums` are the balances of all accounts, series `account:<name>`. A line with `is_positive` shows the amount without
 * its sign. Pure.
 */
export function sumBalanceSheet(lines: readonly BalanceLine[], sums: SumsAt, bounds: readonly Date[]): BalanceSeries[] {
  return lines.map((line) => {
    const own = [...sums].filter(([series]) => selectsAccount(line, series.replace(/^account:/, '')));
    return {
      slug: slugify(line.title),
      title: line.title,
      selector: line.selector,
      extra: null,
      values: bounds.map((bound, index) => {
        const held = own.reduce((sum, [, values]) => sum + (values[index] ?? 0), 0);
        return [bound.toISOString(), line.is_positive ? Math.abs(held) : held];
      }),
    };
  });
}
