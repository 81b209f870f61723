import { Type } from 'typebox';
import { definePage } from '../../http/page-type.ts';
import { Chart, type ChartSpec } from '../charts/chart.ts';
import { presentChart } from '../charts/present-chart.ts';
import { longText, rightToLeftText } from './hostile-text.ts';

const payments = [
  421_000, 438_897, 450_696, 470_295, 502_194, 516_493, 531_092, 560_291, 548_890, 573_189, 596_088, 724_908, 594_486,
];
const refunds = [0, -5_900, 0, -2_000, 0, -17_999, 0, -2_900, -11_800, 0, -5_900, -2_000, -5_900];

const months = (count: number) =>
  Array.from({ length: count + 1 }, (_, month) => new Date(Date.UTC(2026, 11 - count + month)));

const income: ChartSpec = {
  id: 'income',
  title: 'Money in',
  definition: 'Payments received in the month, by the day of the charge, before fees. Refunds stand below the line.',
  kind: 'flow',
  period: 'month',
  bounds: months(payments.length),
  is_running: true,
  series: [
    { role: 'payments', label: 'Payments', values: payments },
    { role: 'losses', label: 'Refunds', values: refunds },
  ],
  amounts: { kind: 'money', unit: 'usd' },
  total: 'Net',
  empty: 'No payments yet',
  csv_href: '/_dev/gallery/',
};

const balance: ChartSpec = {
  ...income,
  id: 'funds',
  title: 'Your funds',
  definition: null,
  kind: 'balance',
  series: [
    { role: 'payments', label: 'Funds', values: payments },
    { role: 'due', label: 'Due', values: payments.map((value, index) => Math.round(value / 4) - index * 9_000) },
    { role: 'previous', label: 'Funds, the year before', values: payments.map((value) => Math.round(value * 0.8)) },
  ],
  total: null,
  empty: 'No funds yet',
};

/** A chart of one series of the same kind. */
function of(base: ChartSpec, values: readonly (number | null)[], given: Partial<ChartSpec> = {}): ChartSpec {
  const [first] = base.series;
  return {
    ...base,
    bounds: months(values.length),
    series: [{ role: first?.role ?? 'payments', label: first?.label ?? '', values }],
    total: null,
    ...given,
  };
}

const long_series = Array.from({ length: 60 }, (_, index) => 200_000 + ((index * 7_919) % 97) * 6_100);
const draw = (...specs: readonly ChartSpec[]) => ({
  charts: specs.map((spec) => presentChart(spec, { locale: 'en-US', timezone: 'UTC' })),
});

/** `_chart.html` with bars and lines, in every state. */
export const chartPiece = definePage('dev/chart.html', Type.Object({ charts: Type.Array(Chart) }), {
  typical: draw(income, balance),
  empty: draw(of(income, []), of(balance, [null, null, null], { csv_href: null })),
  zero: draw(of(income, [0, 0, 0, 0]), of(balance, [0, 0, 0, 0])),
  single: draw(of(income, [5_400]), of(balance, [5_400], { is_running: false })),
  negative: draw(of(income, [-5_400, -120_000, 0, -300]), of(balance, [-1, 120_000, -98_700, 50])),
  huge: draw(
    of(income, [Number.MAX_SAFE_INTEGER, 1, Number.MIN_SAFE_INTEGER]),
    of(balance, [900_000_000_00, 12, null, 450_000_000_00, null]),
  ),
  long: draw(of(income, long_series), of(balance, long_series)),
  counts: draw(
    {
      ...income,
      title: 'Subscribers',
      amounts: { kind: 'count' },
      series: [
        { role: 'new', label: 'New', values: payments.map((_, index) => index % 4) },
        { role: 'losses', label: 'Ended', values: payments.map((_, index) => -(index % 3)) },
      ],
    },
    of(balance, [12, 14, 13, 17], { period: 'week', amounts: { kind: 'count' } }),
  ),
  hostile: draw({
    ...income,
    title: longText,
    series: [
      { role: 'payments', label: longText, values: payments },
      { role: 'losses', label: rightToLeftText, values: refunds },
    ],
  }),
});
