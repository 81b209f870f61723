import { slugify } from '#kernel/slug';
import { paths } from '#platform/http/paths';
import { type BalanceLine, selectsAccount } from './balance-line.ts';
import type { SumsAt } from '../sum-store.ts';

/** A line of the sheet with its balance at each bound, in 1/100 of the unit. */
export interface BalanceSeries {
  slug: string;
  title: string;
  selector: string;
  extra: null;
  values: [at: string, amount: number][];
  /** Paths of the lists of the ledger entries behind each value. */
  links: string[];
}

/**
 * Returns the series of a balance sheet: the balance of the accounts of each line at each bound (exclusive).
 *
 * `sums` are the balances of all accounts, series `account:<name>`. A line with `is_positive` shows the amount without
 * its sign. Pure.
 */
export function sumBalanceSheet(lines: readonly BalanceLine[], sums: SumsAt, bounds: readonly Date[]): BalanceSeries[] {
  const instants = bounds.map((bound) => bound.toISOString());
  return lines.map((line) => {
    const own = [...sums].filter(([series]) => selectsAccount(line, series.replace(/^account:/, '')));
    return {
      slug: slugify(line.title),
      title: line.title,
      selector: line.selector,
      extra: null,
      values: instants.map((at, index) => {
        const held = own.reduce((sum, [, values]) => sum + (values[index] ?? 0), 0);
        return [at, line.is_positive ? Math.abs(held) : held];
      }),
      links: instants.map((at) => paths.apiTransactions(line.selector, at)),
    };
  });
}
