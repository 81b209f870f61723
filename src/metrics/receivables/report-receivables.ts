import type { Reader } from '#platform/db/database';
import { debt_ages, type DebtSeries } from '../money/index.ts';
import type { Reported } from '../provider.ts';
import type { ReportPeriods } from '../report-periods.ts';
import { rowsOf } from '../rows-of.ts';
import { balanceValues, type Report } from '../series.ts';
import { sumDebts } from './debt-store.ts';

export const receivables_definition =
  'What customers owe on orders before each instant, by the whole days since the order: orders less payments, credit, ' +
  'credit notes and write-offs. Payments settle the oldest order of a subscription first. The reversal of a payment ' +
  'restores a debt that is counted from the reversal on. Amounts of other currencies are not counted.';

const titles: Readonly<Record<DebtSeries, string>> = {
  'due-0-30': '0 to 30 days',
  'due-31-60': '31 to 60 days',
  'due-61-90': '61 to 90 days',
  'due-over-90': 'More than 90 days',
};

// Object.keys widens the names.
const series_names = Object.keys(debt_ages) as DebtSeries[];

/** Reports what is due to a provider at the bounds of periods, by age, and in extra all of it. */
export async function reportReceivables(
  reader: Reader,
  { provider, unit }: Reported,
  { bounds }: ReportPeriods,
): Promise<Report> {
  const debts = await sumDebts(reader, provider.id, unit, bounds);
  const amountAt = (position: number, of: (days: number) => boolean) =>
    debts.reduce((sum, each) => (each.position === position && of(each.days) ? sum + each.amount : sum), 0);
  return {
    title: 'Receivables by age',
    definition: receivables_definition,
    results: series_names.map((slug) => {
      const { from, to } = debt_ages[slug];
      const isOfAge = (days: number) => days >= from && (to === null || days <= to);
      return {
        slug,
        title: titles[slug],
        values: balanceValues(
          bounds,
          bounds.map((_, position) => amountAt(position, isOfAge)),
        ),
        links: bounds.map((ends_at) => rowsOf('entries', { series: slug, unit, ends_at })),
      };
    }),
    extra: [
      {
        slug: 'due',
        title: 'Due',
        values: balanceValues(
          bounds,
          bounds.map((_, position) => amountAt(position, () => true)),
        ),
        links: bounds.map((ends_at) => rowsOf('entries', { series: 'due', unit, ends_at })),
      },
    ],
  };
}
