import { paths } from '#platform/http/paths';
import { recurring_definition } from '../recurring/index.ts';
import { coming_states, type ComingFigures } from './dashboard-store.ts';
import type { dashboardPage } from './page-types.ts';
import { FAILED_DAYS, type Figures } from './read-figures.ts';
import { type ShownPeriod, shown_periods } from './shown-period.ts';

type View = (typeof dashboardPage)['samples']['typical'];

/** What the words of figures depend on. */
export interface FigureWords {
  slug: string;
  period: ShownPeriod;
  bounds: readonly Date[];
  money(amount: number, unit: string): string;
  /** True if all figures have one currency; then labels do not name it. */
  is_only: boolean;
}

/** Makes the tiles of a currency: each with the page of what it counts. */
export function statsOf(
  unit: string,
  given: Figures,
  { slug, period, bounds, money, is_only }: FigureWords,
): View['stats'] {
  const { by_period, today } = given;
  const { running, before, count } = shown_periods[period];
  const own = <T extends { unit: string }>(rows: readonly T[]) => rows.find((each) => each.unit === unit);
  const paidIn = (index: number) => by_period.find((each) => each.unit === unit && each.period === index)?.paid ?? 0;
  const label = (text: string) => (is_only ? text : `${text}, ${unit.toUpperCase()}`);
  const payments = new URLSearchParams({
    series: 'payments',
    unit,
    start_at: (bounds[count - 1] ?? new Date(0)).toISOString(),
    ends_at: (bounds[count] ?? new Date(0)).toISOString(),
  });
  const owed = own(given.due);
  const charges = given.troubled.find((each) => each.unit === unit && each.state === 'failed');
  return [
    {
      label: label(`Money in ${running}`),
      href: paths.metricRows(slug, 'entries', payments),
      definition: `Payments of ${running} so far, before fees and refunds.`,
      money: { amount: paidIn(count), unit },
      note: `${money(own(today)?.paid ?? 0, unit)} today · ${money(paidIn(count - 1), unit)} ${before}`,
    },
    {
      label: label('Recurring revenue'),
      href: paths.revenue(slug, 'recurring'),
      definition: recurring_definition,
      money: { amount: own(given.recurring)?.amount ?? 0, unit },
      note: `per month · ${countText(own(given.counts)?.active_count ?? 0, 'active subscription')}`,
    },
    {
      label: label('Due from subscribers'),
      href: paths.balancesDue(slug),
      definition: 'Orders less payments, credit, credit notes and write-offs, now.',
      money: { amount: owed?.amount ?? 0, unit },
      note: countText(owed?.subscribers_count ?? 0, 'subscriber'),
    },
    {
      label: label('Failed payments'),
      href: `${paths.subscribersPastDue(slug)}?state=open`,
      definition: `Subscribers whose card was declined and who still owe. Below: charges that failed in ${FAILED_DAYS} days.`,
      text: String(own(given.failed)?.cases_count ?? 0),
      note: `${money(charges?.amount ?? 0, unit)} failed in ${FAILED_DAYS} days`,
    },
  ];
}

/** Currencies of the figures; without any, the usual one. */
export function unitsOf({ by_period, today, counts, recurring, due, failed }: Figures): string[] {
  const rows = [...by_period, ...today, ...counts, ...recurring, ...due, ...failed];
  const units = [...new Set(rows.map(({ unit }) => unit))].toSorted();
  return units.length === 0 ? ['usd'] : units;
}

const coming_labels: Readonly<Record<ComingFigures['state'], string>> = {
  renewing: 'Renewals',
  ending: 'Endings',
  trials: 'Trials that end',
  resuming: 'Pauses that end',
  cards: 'Cards that expire',
};

/** Makes the lines of the next days, each with its list. */
export function viewComing(
  coming: readonly ComingFigures[],
  slug: string,
  { from, until }: { from: Date; until: Date },
): View['coming'] {
  return coming_states.flatMap((state) =>
    coming
      .filter((each) => each.state === state)
      .map(({ unit, count, amount }) => ({
        label: coming_labels[state],
        text: countText(count, 'subscription'),
        money: state === 'renewing' ? { amount, unit } : null,
        href: paths.metricRows(
          slug,
          'subscriptions',
          new URLSearchParams({ state, start_at: from.toISOString(), ends_at: until.toISOString() }),
        ),
      })),
  );
}

/** Number with its noun: `2 subscribers`. */
export function countText(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
