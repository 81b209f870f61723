import type { Reader } from '#platform/db/database';
import type { Reported } from '../provider.ts';
import type { ReportPeriods } from '../report-periods.ts';
import { rowsOf } from '../rows-of.ts';
import { balanceValues, flowsOf, flowValues, linkPeriods, type Report, type Series } from '../series.ts';
import { type MovementKind, movement_kinds, type RecurringSums, sumMovements } from './recurring-store.ts';

export const recurring_definition =
  'Recurring revenue per month of the subscriptions that run at the instant: the price of each paid time, after advance ' +
  'discounts and without coupons, setup fees and uses, per month. A year counts a twelfth, a week 365/84, a day 365/12, ' +
  'an hour 730. Paused, suspended and trial time counts nothing; time that is not paid yet counts until its end. A ' +
  'movement is the change of one subscriber: new, from nothing for the first time; reactivation, from nothing again; ' +
  'churn, to nothing; expansion and contraction, in between. The movements of a period add up to the change of the ' +
  'recurring revenue.';

const titles: Readonly<Record<MovementKind, string>> = {
  new: 'New',
  expansion: 'Expansion',
  contraction: 'Contraction',
  churn: 'Churn',
  reactivation: 'Reactivation',
};

/** Recurring revenue before each bound: the sum of all movements. */
function revenueOf(sums: RecurringSums, bounds: readonly Date[]): number[] {
  return bounds.map((_, index) => movement_kinds.reduce((sum, kind) => sum + (sums.all[kind][index] ?? 0), 0));
}

/** Reports the recurring revenue of a provider at bounds, and its movements in the periods between. */
export async function reportRecurring(
  reader: Reader,
  { provider, unit }: Reported,
  { bounds, before }: ReportPeriods,
): Promise<Report> {
  const sums = await sumMovements(reader, provider.id, unit, bounds);
  return {
    title: 'Recurring revenue',
    definition: recurring_definition,
    results: [
      {
        slug: 'recurring-revenue',
        title: 'Recurring revenue',
        values: balanceValues(bounds, revenueOf(sums, bounds)),
        links: bounds.map((ends_at) => rowsOf('movements', { unit, ends_at })),
      },
    ],
    extra: movement_kinds.map((kind) => ({
      slug: kind,
      title: titles[kind],
      values: flowValues(bounds, flowsOf(sums.all[kind])),
      links: linkPeriods([before, ...bounds], bounds, ({ start_at, ends_at }) =>
        rowsOf('movements', { unit, kind, start_at, ends_at }),
      ),
    })),
  };
}

export const churn_definition =
  'Revenue churn of a period in percent of the recurring revenue at its start. Gross: churn and contraction. Net: churn ' +
  'and contraction less expansion and reactivation; negative when these are more. Without pauses: movements by the ' +
  'begin or the end of a pause are left out.';

/** Reports the gross and net revenue churn of a provider by period, with and without pauses. */
export async function reportRevenueChurn(
  reader: Reader,
  { provider, unit }: Reported,
  { bounds, before }: ReportPeriods,
): Promise<Report> {
  const sums = await sumMovements(reader, provider.id, unit, bounds);
  const revenue = revenueOf(sums, bounds);
  const series = (slug: string, title: string, kinds: readonly MovementKind[], with_pauses: boolean): Series => {
    const lost = bounds.map((_, index) =>
      kinds.reduce(
        (sum, kind) => sum - (sums.all[kind][index] ?? 0) + (with_pauses ? 0 : (sums.paused[kind][index] ?? 0)),
        0,
      ),
    );
    return {
      slug,
      title,
      values: flowValues(
        bounds,
        flowsOf(lost).map((amount, index) => percentOf(amount, revenue[index] ?? 0)),
      ),
      links: linkPeriods([before, ...bounds], bounds, (period) =>
        rowsOf('movements', {
          unit,
          kind: kinds.join(','),
          pauses: with_pauses ? null : 'without',
          start_at: period.start_at,
          ends_at: period.ends_at,
        }),
      ),
    };
  };
  const gross = ['churn', 'contraction'] as const;
  const net = ['churn', 'contraction', 'expansion', 'reactivation'] as const;
  return {
    title: 'Revenue churn',
    definition: churn_definition,
    results: [
      series('gross-churn', '% Gross churn', gross, true),
      series('net-churn', '% Net churn', net, true),
      series('gross-churn-without-pauses', '% Gross churn without pauses', gross, false),
      series('net-churn-without-pauses', '% Net churn without pauses', net, false),
    ],
  };
}

/** Returns a share in percent, with two decimals; 0 of nothing. */
function percentOf(part: number, whole: number): number {
  const percent = whole === 0 ? 0 : Math.round((10_000 * part) / whole) / 100;
  return percent === 0 ? 0 : percent;
}
