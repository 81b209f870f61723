import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { Chart } from '#platform/pages/charts/chart';
import { presentChart } from '#platform/pages/charts/present-chart';
import { Stat } from '#platform/pages/charts/stat';
import { EffectLine } from '#platform/pages/details/effect';
import { ShownMoney } from '#platform/pages/details/fact';
import { longText } from '#platform/pages/pieces/hostile-text';
import { periodLinks } from './shown-period.ts';

const TodoPart = Type.Object({
  icon: Type.String(),
  tone: Type.Enum(['bad', 'warn']),
  text: Type.String(),
  note: Type.String(),
  href: Type.String(),
});

const LatestPart = Type.Object({
  href: Type.String(),
  customer: Type.String(),
  description: Type.String(),
  money: ShownMoney,
  state: Type.String(),
  created_at: Type.String(),
});

const usd = (amount: number) => ({ amount, unit: 'usd' });
const bounds = Array.from({ length: 4 }, (_, index) => new Date(Date.UTC(2026, index, 1)));
const chartOf = (values: number[]) =>
  presentChart(
    {
      id: 'money-in-usd',
      title: 'Money in',
      kind: 'flow',
      period: 'month',
      bounds,
      is_running: true,
      series: [{ role: 'payments', label: 'Payments', values }],
      amounts: { kind: 'money', unit: 'usd' },
      empty: 'No payments yet',
    },
    { locale: 'en-US', timezone: 'UTC' },
  );
const latest = {
  href: '/billing/xia/receipt/ch_XAb124EF/',
  customer: 'Xia Lee',
  description: 'Basic, 3 months',
  money: usd(5400),
  state: 'done',
  created_at: '2026-03-05T14:30:00.000Z',
};
const typical = {
  profile: { slug: 'cowork', printable_name: 'Coworking Space' },
  periods: periodLinks('cowork', 'month'),
  stats: [
    { label: 'Money in this month', money: usd(612_485), note: '$580.00 today · $5,941.00 in the month before' },
    { label: 'Recurring revenue', money: usd(586_241), definition: 'List prices per month.' },
    { label: 'Active subscriptions', text: '47' },
    { label: 'Due from subscribers', money: usd(53_997), note: '3 subscribers' },
  ],
  charts: [chartOf([421_000, 438_897, 450_696])],
  todos: [
    {
      icon: 'alert',
      tone: 'bad' as const,
      text: '1 dispute of $179.99',
      note: 'Answer it at the processor.',
      href: `${paths.charges()}?state=disputed`,
    },
  ],
  coming: [{ label: 'Marked as renewing', hint: '9 subscriptions', money: usd(118_892) }],
  latest: [latest, { ...latest, state: 'failed', customer: 'Blue Heron Legal' }],
  links: {
    money: paths.transfers('cowork'),
    subscribers: paths.subscribers('cowork'),
    charges: paths.charges(),
    charges_label: 'All charges',
  },
};

export const dashboardPage = definePage(
  'saas/metrics/dashboard.html',
  Type.Object({
    profile: Type.Object({ slug: Type.String(), printable_name: Type.String() }),
    /** The home with the periods of the chart and the tiles. */
    periods: Type.Array(Type.Object({ label: Type.String(), href: Type.String(), is_current: Type.Boolean() })),
    stats: Type.Array(Stat),
    /** One for each currency. */
    charts: Type.Array(Chart),
    todos: Type.Array(TodoPart),
    coming: Type.Array(EffectLine),
    latest: Type.Array(LatestPart),
    links: Type.Object({
      money: Type.String(),
      subscribers: Type.String(),
      charges: Type.String(),
      charges_label: Type.String(),
    }),
  }),
  {
    typical,
    empty: { ...typical, charts: [chartOf([0, 0, 0])], todos: [], coming: [], latest: [] },
    long: {
      ...typical,
      latest: [{ ...latest, customer: longText, description: longText, money: usd(987_654_321_012) }],
    },
  },
  { as: 'provider' },
);
