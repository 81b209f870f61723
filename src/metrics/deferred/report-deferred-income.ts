import type { Reader } from '#platform/db/database';
import { posting_series } from '../money/index.ts';
import type { Reported } from '../provider.ts';
import type { ReportPeriods } from '../report-periods.ts';
import { rowsOf } from '../rows-of.ts';
import { flowsOf, flowValues, linkPeriods, type Report, type Series } from '../series.ts';
import { type SumsAt, sumSeries, valuesOf } from '../sum-store.ts';

export const deferred_definition =
  'Deferred income is what was paid for time that is still to serve: the account Backlog. Of each period: the amount at ' +
  'its start (opening); added by orders, when they are paid, by money or credit; recognised as income, less than zero; ' +
  'refunded or written off, with credit notes and disputes, less than zero; fees of the platform; and the amount at its ' +
  'end (closing), which is the sum of all of these. Amounts of other currencies are not counted.';

const flows = [
  { slug: 'added', title: 'Added by orders', series: 'deferred-payments' },
  { slug: 'recognised', title: 'Recognised', series: 'deferred-income' },
  { slug: 'refunded', title: 'Refunded or written off', series: 'deferred-refunds' },
  { slug: 'fees', title: 'Fees', series: 'deferred-fees' },
] as const;

/** Sums the parts of a series before each bound. */
export function sumParts(sums: SumsAt, parts: readonly string[], bounds: readonly Date[]): number[] {
  const values = parts.map((part) => valuesOf(sums, part, bounds));
  return bounds.map((_, index) => values.reduce((sum, each) => sum + (each[index] ?? 0), 0));
}

/** Reports what changed the deferred income of a provider in each period, and the amounts before and after. */
export async function reportDeferredIncome(
  reader: Reader,
  { provider, unit }: Reported,
  { bounds, before }: ReportPeriods,
): Promise<Report> {
  const sums = await sumSeries(reader, provider.id, posting_series.deferred, unit, bounds);
  const balances = sumParts(sums, posting_series.deferred, bounds);
  const starts = [before, ...bounds];
  const balance = (slug: string, title: string, end: 'start_at' | 'ends_at'): Series => ({
    slug,
    title,
    values: flowValues(bounds, end === 'start_at' ? balances : balances.slice(1)),
    links: linkPeriods(starts, bounds, (period) =>
      rowsOf('entries', { series: 'deferred', unit, ends_at: period[end] }),
    ),
  });
  return {
    title: 'Deferred income',
    definition: deferred_definition,
    results: [
      balance('opening', 'Opening', 'start_at'),
      ...flows.map(({ slug, title, series }) => ({
        slug,
        title,
        values: flowValues(bounds, flowsOf(sumParts(sums, posting_series[series], bounds))),
        links: linkPeriods(starts, bounds, ({ start_at, ends_at }) =>
          rowsOf('entries', { series, unit, start_at, ends_at }),
        ),
      })),
      balance('closing', 'Closing', 'ends_at'),
    ],
  };
}
