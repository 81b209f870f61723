import type { Reader } from '#platform/db/database';
import type { SeriesRole } from '#platform/pages/charts/chart';
import { reportCustomers } from '../customers/index.ts';
import { reportDeferredIncome, reportScheduledIncome } from '../deferred/index.ts';
import { reportFunds, reportProviderBalances } from '../money/index.ts';
import { reportPlans } from '../plans/index.ts';
import type { Reported } from '../provider.ts';
import { reportReceivables } from '../receivables/index.ts';
import { reportRecurring } from '../recurring/index.ts';
import type { ReportPeriods } from '../report-periods.ts';
import type { Report } from '../series.ts';

/** A chart of some series of a report. */
export interface ShownChart {
  id: string;
  title: string;
  kind: 'flow' | 'balance';
  series: readonly { slug: string; role: SeriesRole }[];
  /** Series that is also shown as it was in the periods before, or the sum of all of them by its name; null without. */
  compared: string | { sum: string } | null;
}

/** Values of the periods from now on, shown below a report. */
export interface UpcomingReport {
  id: string;
  title: string;
  /** Series of the chart. */
  series: string;
  read(reader: Reader, reported: Reported, bounds: readonly Date[]): Promise<Report>;
}

/** A report as a tab of a page. */
export interface ShownReport {
  label: string;
  amounts: 'money' | 'count';
  /** Sentence of a chart without values. */
  empty: string;
  read(reader: Reader, reported: Reported, periods: ReportPeriods): Promise<Report>;
  charts(report: Report): readonly ShownChart[];
  upcoming?: UpcomingReport;
}

/** Roles of the plans of a chart, after that of all plans. */
const plan_roles = ['new', 'due', 'losses'] as const;

/** Tabs of the page of revenue, by their names in addresses. */
export const shown_reports = {
  funds: {
    label: 'Amounts',
    amounts: 'money',
    empty: 'No sales and no payments yet',
    read: reportFunds,
    charts: () => [
      {
        id: 'payments',
        title: 'Payments and refunds',
        kind: 'balance',
        series: [
          { slug: 'payments', role: 'payments' },
          { slug: 'refunds', role: 'losses' },
        ],
        compared: 'payments',
      },
      {
        id: 'sales',
        title: 'Sales',
        kind: 'balance',
        series: [
          { slug: 'total-sales', role: 'payments' },
          { slug: 'new-sales', role: 'new' },
          { slug: 'churned-sales', role: 'losses' },
        ],
        compared: 'total-sales',
      },
    ],
  },
  balances: {
    label: 'Balances',
    amounts: 'money',
    empty: 'No sales and no payments yet',
    read: reportProviderBalances,
    charts: () => [
      {
        id: 'balances',
        title: 'Balances',
        kind: 'balance',
        series: [
          { slug: 'income', role: 'payments' },
          { slug: 'backlog', role: 'new' },
          { slug: 'receivable', role: 'due' },
          { slug: 'credit', role: 'losses' },
        ],
        compared: 'income',
      },
    ],
  },
  customers: {
    label: 'Customers',
    amounts: 'count',
    empty: 'No customers yet',
    read: reportCustomers,
    charts: () => [
      {
        id: 'customers',
        title: 'Customers',
        kind: 'balance',
        series: [
          { slug: 'total-customers', role: 'payments' },
          { slug: 'new-customers', role: 'new' },
          { slug: 'churned-customers', role: 'losses' },
        ],
        compared: 'total-customers',
      },
    ],
  },
  plans: {
    label: 'Active subscribers',
    amounts: 'count',
    empty: 'No subscriptions yet',
    read: reportPlans,
    charts: (report) => [
      {
        id: 'plans',
        title: 'Active subscribers of the largest plans',
        kind: 'balance',
        series: largestSeries(report).map((slug, index) => ({ slug, role: plan_roles[index] ?? 'payments' })),
        compared: largestSeries(report)[0] ?? null,
      },
    ],
  },
  recurring: {
    label: 'Recurring revenue',
    amounts: 'money',
    empty: 'No recurring revenue yet',
    read: reportRecurring,
    charts: () => [
      {
        id: 'recurring-revenue',
        title: 'Recurring revenue',
        kind: 'balance',
        series: [{ slug: 'recurring-revenue', role: 'payments' }],
        compared: 'recurring-revenue',
      },
      {
        id: 'movements',
        title: 'Movements of recurring revenue',
        kind: 'flow',
        series: [
          { slug: 'new', role: 'new' },
          { slug: 'expansion', role: 'payments' },
          { slug: 'reactivation', role: 'due' },
          { slug: 'contraction', role: 'previous' },
          { slug: 'churn', role: 'losses' },
        ],
        compared: { sum: 'All movements' },
      },
    ],
  },
  deferred: {
    label: 'Deferred income',
    amounts: 'money',
    empty: 'No deferred income yet',
    read: reportDeferredIncome,
    charts: () => [
      {
        id: 'deferred-changes',
        title: 'Changes of deferred income',
        kind: 'flow',
        series: [
          { slug: 'added', role: 'payments' },
          { slug: 'recognised', role: 'new' },
          { slug: 'refunded', role: 'losses' },
          { slug: 'fees', role: 'due' },
        ],
        compared: { sum: 'All changes' },
      },
      {
        id: 'deferred-income',
        title: 'Deferred income',
        kind: 'balance',
        series: [{ slug: 'closing', role: 'payments' }],
        compared: 'closing',
      },
    ],
    upcoming: {
      id: 'scheduled-income',
      title: 'When it is recognised',
      series: 'scheduled',
      read: reportScheduledIncome,
    },
  },
  receivables: {
    label: 'Receivables by age',
    amounts: 'money',
    empty: 'Nothing was due yet',
    read: reportReceivables,
    charts: () => [
      {
        id: 'receivables',
        title: 'Receivables by age',
        kind: 'flow',
        series: [
          { slug: 'due-0-30', role: 'payments' },
          { slug: 'due-31-60', role: 'new' },
          { slug: 'due-61-90', role: 'due' },
          { slug: 'due-over-90', role: 'losses' },
        ],
        compared: { sum: 'Due' },
      },
    ],
  },
} as const satisfies Record<string, ShownReport>;
export type ShownReportName = keyof typeof shown_reports;

/** True if a text names a tab. */
export function isShownReport(name: string): name is ShownReportName {
  return Object.hasOwn(shown_reports, name);
}

/** The series with the highest last values, as many as a chart has roles for. */
function largestSeries({ results }: Report): string[] {
  const last = (values: Report['results'][number]['values']) => values.at(-1)?.[1] ?? 0;
  return results
    .toSorted((a, b) => last(b.values) - last(a.values))
    .slice(0, plan_roles.length)
    .map(({ slug }) => slug);
}
