import type { Reader } from '#platform/db/database';
import type { Reported } from '../provider.ts';
import { periodStarts, type ReportPeriods } from '../report-periods.ts';
import { rowsOf } from '../rows-of.ts';
import { findSales } from '../sales-store.ts';
import { flowValues, linkPeriods, type Report, type Series } from '../series.ts';

export const customers_definition =
  'Customers are the profiles that placed an order, paid or not, in the period. New customers placed none in the ' +
  'period before; churned customers placed one in the period before and none in the period. Net new customers: new ' +
  'less churned. Churn: churned customers in percent of the customers of the period before. Orders in any currency count.';

/** Reports the customers of a provider by period. */
export async function reportCustomers(
  reader: Reader,
  { provider }: Pick<Reported, 'provider'>,
  periods: ReportPeriods,
): Promise<Report> {
  const sales = await findSales(reader, { provider_id: provider.id, unit: null, ...periods });
  const [, ...shown] = sales;
  const before = sales.slice(0, -1);
  const added = shown.map(({ customers_count, kept_count }) => customers_count - kept_count);
  const churned = shown.map(({ kept_count }, index) => (before[index]?.customers_count ?? 0) - kept_count);
  const starts = periodStarts(periods);
  const flow = (slug: string, title: string, values: readonly number[], series: string | null): Series => ({
    slug,
    title,
    values: flowValues(periods.bounds, values),
    links: linkPeriods(starts, periods.bounds, ({ before_at, ...period }) =>
      series === null
        ? null
        : rowsOf('entries', { series, before_at: series === 'total-sales' ? null : before_at, ...period }),
    ),
  });
  return {
    title: 'Customers',
    definition: customers_definition,
    results: [
      flow(
        'total-customers',
        'Total # of Customers',
        shown.map((each) => each.customers_count),
        'total-sales',
      ),
      flow('new-customers', '# of new Customers', added, 'new-sales'),
      flow('churned-customers', '# of churned Customers', churned, 'churned-sales'),
      flow(
        'net-new-customers',
        'Net New Customers',
        added.map((count, index) => count - (churned[index] ?? 0)),
        null,
      ),
    ],
    extra: [
      flow(
        'percent-customer-churn',
        '% Customer Churn',
        churned.map((count, index) => percentOf(count, before[index]?.customers_count ?? 0)),
        null,
      ),
    ],
  };
}

/** Returns a share in percent, with two decimals; 0 of nothing. */
export function percentOf(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((10_000 * part) / whole) / 100;
}
