import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { Chart } from '#platform/pages/charts/chart';
import { presentChart } from '#platform/pages/charts/present-chart';
import { Stat } from '#platform/pages/charts/stat';
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

const ComingPart = Type.Object({
  label: Type.String(),
  text: Type.String(),
  money: Type.Union([ShownMoney, Type.Null()]),
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
const rows_url = paths.metricRows('cowork', 'subscriptions');
const recurring = {
  label: 'Recurring revenue',
  href: paths.revenue('cowork', 'recurring'),
  definition: 'Recurring revenue per month.',
};
const due = { label: 'Due from subscribers', href: paths.balancesDue('cowork') };
const failed = { label: 'Failed payments', href: paths.subscribersPastDue('cowork') };
const typical = {
  profile: { slug: 'cowork', printable_name: 'Coworking Space' },
  periods: periodLinks('cowork', 'month'),
  stats: [
    { label: 'Money in this month', money: usd(450_696), note: '$580.00 today · $4,388.97 in the month before' },
    { ...recurring, money: usd(586_241), note: 'per month · 47 active subscriptions' },
    { ...due, money: usd(53_997), note: '3 subscribers' },
    { ...failed, text: '2', note: '$179.99 failed in 30 days' },
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
  coming: [
    { label: 'Renewals', text: '9 subscriptions', money: usd(118_892), href: `${rows_url}?state=renewing` },
    { label: 'Trials that end', text: '2 subscriptions', money: null, href: `${rows_url}?state=trials` },
    { label: 'Cards that expire', text: '1 subscription', money: null, href: `${rows_url}?state=cards` },
  ],
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
    /** What happens to subscriptions in the next days. */
    coming: Type.Array(ComingPart),
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
    empty: {
      ...typical,
      stats: [
        { label: 'Money in this month', money: usd(0), note: '$0.00 today · $0.00 in the month before' },
        { ...recurring, money: usd(0), note: 'per month · 0 active subscriptions' },
        { ...due, money: usd(0), note: '0 subscribers' },
        { ...failed, text: '0', note: '$0.00 failed in 30 days' },
      ],
      charts: [chartOf([0, 0, 0])],
      todos: [],
      coming: [],
      latest: [],
    },
    long: {
      ...typical,
      latest: [{ ...latest, customer: longText, description: longText, money: usd(987_654_321_012) }],
    },
  },
  { as: 'provider' },
);
