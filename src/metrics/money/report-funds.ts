import type { Reader } from '#platform/db/database';
import { mergeReads } from '#platform/db/merge-reads';
import type { Reported } from '../provider.ts';
import { periodStarts, type ReportPeriods } from '../report-periods.ts';
import { findSales } from '../sales-store.ts';
import { flowsOf, flowValues, linkPeriods, type Report, type Series } from '../series.ts';
import { rowsOf } from '../rows-of.ts';
import { sumSeries, valuesOf } from '../sum-store.ts';

export const funds_definition =
  'Total sales: orders of the period, paid or not, by the instant of the order. New sales: those of customers without ' +
  'an order in the period before. Churned sales: what customers ordered in the period before who ordered nothing in ' +
  'the period. Payments: what customers paid for orders, by card or elsewhere, before fees and without credit. ' +
  'Refunds: what went back, disputes excluded. Credit notes: what was taken off orders. Credits used: orders paid by ' +
  'credit. Amounts of other currencies are not counted.';

const flows = [
  { slug: 'payments', title: 'Payments' },
  { slug: 'refunds', title: 'Refunds' },
  { slug: 'credit-notes', title: 'Credit notes' },
  { slug: 'credits-used', title: 'Credits used' },
] as const;

/** Reports sales, payments and refunds of a provider by period. */
export async function reportFunds(
  reader: Reader,
  { provider, unit }: Reported,
  periods: ReportPeriods,
): Promise<Report> {
  const { bounds } = periods;
  const names = flows.map(({ slug }) => slug);
  const [sales, sums] = await mergeReads(reader, [
    (together) => findSales(together, { provider_id: provider.id, unit, ...periods }),
    (together) => sumSeries(together, provider.id, names, unit, bounds),
  ]);
  const starts = periodStarts(periods);
  const flow = (slug: string, title: string, values: readonly number[]): Series => ({
    slug,
    title,
    values: flowValues(bounds, values),
    links: linkPeriods(starts, bounds, ({ before_at, ...period }) => {
      const compares = slug === 'new-sales' || slug === 'churned-sales';
      return rowsOf('entries', { series: slug, unit, before_at: compares ? before_at : null, ...period });
    }),
  });
  const [, ...shown] = sales;
  return {
    title: 'Amount',
    definition: funds_definition,
    results: [
      flow(
        'total-sales',
        'Total Sales',
        shown.map(({ amount }) => amount),
      ),
      flow(
        'new-sales',
        'New Sales',
        shown.map(({ amount, kept_amount }) => amount - kept_amount),
      ),
      flow(
        'churned-sales',
        'Churned Sales',
        shown.map(({ kept_before_amount }, index) => (sales[index]?.amount ?? 0) - kept_before_amount),
      ),
      ...flows.map(({ slug, title }) => flow(slug, title, flowsOf(valuesOf(sums, slug, bounds)))),
    ],
  };
}
