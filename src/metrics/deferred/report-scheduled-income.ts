import { mergeReads } from '#platform/db/merge-reads';
import type { Reader } from '#platform/db/database';
import { posting_series } from '../money/index.ts';
import type { Reported } from '../provider.ts';
import { rowsOf } from '../rows-of.ts';
import { flowValues, type Report } from '../series.ts';
import { sumSeries } from '../sum-store.ts';
import { sumParts } from './report-deferred-income.ts';
import { sumScheduled } from './schedule-store.ts';

export const scheduled_definition =
  'When the deferred income of now is recognised, if no subscription changes: the end of the calendar month of each ' +
  'subscription, counted from its beginning. Later: after the last period. Without a date: paused time, seats that ' +
  'are not claimed, sales without a subscription and payments that were converted. All of them are the deferred ' +
  'income of now. Amounts of other currencies are not counted.';

/** Reports in which of the periods from now on the deferred income of a provider is recognised. */
export async function reportScheduledIncome(
  reader: Reader,
  { provider, unit }: Reported,
  bounds: readonly Date[],
): Promise<Report> {
  const [now = new Date(0), end = now] = [bounds[0], bounds.at(-1)];
  // The amount of now includes the entries of this instant.
  const until = new Date(now.getTime() + 1);
  const [scheduled, sums] = await mergeReads(reader, [
    (together) => sumScheduled(together, provider.id, unit, bounds),
    (together) => sumSeries(together, provider.id, posting_series.deferred, unit, [until]),
  ]);
  const [deferred = 0] = sumParts(sums, posting_series.deferred, [until]);
  const amountIn = (period: number) => scheduled.find((each) => each.period === period)?.amount ?? 0;
  const dated = scheduled.reduce((sum, { amount }) => sum + amount, 0);
  const single = (slug: string, title: string, at: Date, amount: number, facts: Record<string, string | Date>) => ({
    slug,
    title,
    values: [[at.toISOString(), amount] as [string, number]],
    links: [rowsOf('entries', { unit, ...facts })],
  });
  return {
    title: 'Scheduled income',
    definition: scheduled_definition,
    results: [
      {
        slug: 'scheduled',
        title: 'Recognised',
        values: flowValues(
          bounds,
          bounds.slice(1).map((_, period) => amountIn(period)),
        ),
        links: bounds.slice(1).map((ends_at, period) =>
          rowsOf('entries', {
            series: 'scheduled-income',
            unit,
            start_at: period === 0 ? null : bounds[period],
            ends_at,
          }),
        ),
      },
    ],
    extra: [
      single('later', 'Later', end, amountIn(bounds.length - 1), {
        series: 'scheduled-income',
        start_at: end,
        ends_at: FAR_FUTURE,
      }),
      single('undated', 'Without a date', now, deferred - dated, { series: 'undated-income', ends_at: until }),
      single('deferred', 'Deferred income', now, deferred, { series: 'deferred', ends_at: until }),
    ],
  };
}

/** After the end of any subscription. */
const FAR_FUTURE = '9999-12-31T00:00:00.000Z';
