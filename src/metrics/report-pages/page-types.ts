import { Type } from 'typebox';
import { definePage } from '#platform/http/page-type';
import { paths } from '#platform/http/paths';
import { NullableString } from '#platform/http/schemas';
import { Chart } from '#platform/pages/charts/chart';
import { presentChart } from '#platform/pages/charts/present-chart';
import { longText } from '#platform/pages/pieces/hostile-text';
import { readShownPeriods } from './shown-periods.ts';

const Cell = Type.Object({ text: Type.String(), href: NullableString });
const TableRows = Type.Array(Type.Object({ title: Type.String(), cells: Type.Array(Cell) }));

const ReportPart = Type.Object({
  definition: Type.String(),
  controls: Type.Object({
    period_type: Type.String(),
    types: Type.Array(Type.Object({ value: Type.String(), label: Type.String(), is_selected: Type.Boolean() })),
    nb_periods: Type.Integer(),
    /** Last day, inclusive. */
    ends_at: Type.String(),
  }),
  charts: Type.Array(Chart),
  table: Type.Object({
    head: Type.Array(Type.Object({ label: Type.String(), is_running: Type.Boolean() })),
    rows: TableRows,
  }),
  /** Values of the periods from now on; null for reports without them. */
  upcoming: Type.Union([
    Type.Object({ title: Type.String(), definition: Type.String(), chart: Chart, rows: TableRows }),
    Type.Null(),
  ]),
  csv_url: Type.String(),
});

const now = new Date('2026-03-20T12:00:00Z');
const shown = readShownPeriods(new URLSearchParams({ nb_periods: '3' }), 'UTC', now);
const chartOf = (values: number[], title = 'Payments and refunds') =>
  presentChart(
    {
      id: 'payments',
      title,
      definition: 'What customers paid for orders.',
      kind: 'balance',
      period: 'month',
      bounds: shown.periods.bounds,
      is_running: true,
      series: [
        { role: 'payments', label: 'Payments', values },
        { role: 'previous', label: 'Payments, 3 months before', values: values.map((value) => Math.floor(value / 2)) },
      ],
      amounts: { kind: 'money', unit: 'usd' },
      empty: 'No payments yet',
    },
    { locale: 'en-US', timezone: 'UTC' },
  );
const rows_url = `${paths.metricRows('cowork', 'entries')}?series=payments&unit=usd`;
const cellsOf = (texts: string[]) => texts.map((text) => ({ text, href: text === '–' ? null : rows_url }));
const report = {
  definition: 'Payments: what customers paid for orders, by card or elsewhere, before fees.',
  controls: shown.controls,
  charts: [chartOf([421_000, 438_898, 450_696])],
  table: {
    head: ['Jan 1, 2026', 'Feb 1, 2026', 'Mar 1, 2026', 'Mar 20, 2026'].map((label, index) => ({
      label,
      is_running: index === 3,
    })),
    rows: [{ title: 'Payments', cells: cellsOf(['–', '$4,210.00', '$4,388.98', '$4,506.96']) }],
  },
  upcoming: null,
  csv_url: '/metrics/cowork/revenue/download/',
};
const profile = { slug: 'cowork', printable_name: 'Coworking Space' };
const tabs = [
  { label: 'Amounts', href: paths.revenue('cowork'), is_current: true },
  { label: 'Balances', href: paths.revenue('cowork', 'balances'), is_current: false },
];
const links = [{ label: 'Plans', href: paths.planReport('cowork') }];
const ProfilePart = Type.Object({ slug: Type.String(), printable_name: Type.String() });
const Links = Type.Array(Type.Object({ label: Type.String(), href: Type.String() }));

const empty_report = { ...report, charts: [chartOf([0, 0, 0])], table: { ...report.table, rows: [] } };
const long_report = {
  ...report,
  charts: [chartOf([987_654_321_012, 1, 0], longText)],
  table: { ...report.table, rows: [{ title: longText, cells: cellsOf(['–', '$9,876,543,210.12', '$0.01', '$0.00']) }] },
};

const upcoming = {
  title: 'When it is recognised',
  definition: 'When the deferred income of now is recognised, if no subscription changes.',
  chart: presentChart(
    {
      id: 'scheduled-income',
      title: 'When it is recognised',
      kind: 'flow',
      period: 'month',
      bounds: [3, 4, 5, 6].map((month) => new Date(Date.UTC(2026, month))),
      is_running: true,
      series: [{ role: 'payments', label: 'Recognised', values: [81_000, 72_000, 9000] }],
      amounts: { kind: 'money', unit: 'usd' },
      empty: 'No deferred income yet',
    },
    { locale: 'en-US', timezone: 'UTC' },
  ),
  rows: ['Until Apr 30, 2026', 'Until May 31, 2026', 'Later', 'Without a date'].map((title) => ({
    title,
    cells: cellsOf(['$810.00']),
  })),
};

export const revenuePage = definePage(
  'saas/metrics/revenue.html',
  Type.Object({
    profile: ProfilePart,
    tabs: Type.Array(Type.Object({ label: Type.String(), href: Type.String(), is_current: Type.Boolean() })),
    /** Name of the tab in the address. */
    tab: Type.String(),
    /** Other reports. */
    links: Links,
    report: ReportPart,
  }),
  {
    typical: { profile, tabs, tab: 'funds', links, report },
    upcoming: { profile, tabs, tab: 'deferred', links, report: { ...report, upcoming } },
    empty: { profile, tabs, tab: 'funds', links, report: empty_report },
    long: { profile, tabs, tab: 'funds', links, report: long_report },
  },
  { as: 'provider' },
);

export const planReportPage = definePage(
  'saas/metrics/plans.html',
  Type.Object({ profile: ProfilePart, links: Links, report: ReportPart }),
  {
    typical: { profile, links, report },
    empty: { profile, links, report: empty_report },
    long: { profile, links, report: long_report },
  },
  { as: 'provider' },
);

export const reportPageTypes = [revenuePage, planReportPage];
