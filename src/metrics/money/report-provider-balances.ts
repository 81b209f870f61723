import type { Reader } from '#platform/db/database';
import type { Reported } from '../provider.ts';
import type { ReportPeriods } from '../report-periods.ts';
import { rowsOf } from '../rows-of.ts';
import { balanceValues, type Report } from '../series.ts';
import { sumSeries, valuesOf } from '../sum-store.ts';

const accounts = ['Income', 'Backlog', 'Receivable', 'Credit'] as const;

export const balances_definition =
  'Balances of the accounts of the provider before each instant, since the beginning, without their signs. Income: ' +
  'what was earned. Backlog: what was paid for time that is still to serve. Receivable: orders less what was paid or ' +
  'taken off. Credit: what customers may still use for orders. Amounts of other currencies are not counted.';

/** Reports the balances of a provider's accounts at the bounds of periods. */
export async function reportProviderBalances(
  reader: Reader,
  { provider, unit }: Reported,
  { bounds }: ReportPeriods,
): Promise<Report> {
  const names = accounts.map((account) => `account:${account}`);
  const sums = await sumSeries(reader, provider.id, names, unit, bounds);
  return {
    title: 'Balances',
    definition: balances_definition,
    results: accounts.map((account) => ({
      slug: account.toLowerCase(),
      title: account,
      selector: account,
      values: balanceValues(
        bounds,
        valuesOf(sums, `account:${account}`, bounds).map((amount) => Math.abs(amount)),
      ),
      links: bounds.map((ends_at) => rowsOf('entries', { series: account.toLowerCase(), unit, ends_at })),
    })),
  };
}
