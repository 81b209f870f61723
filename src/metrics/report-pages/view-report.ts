import type { ChartPeriod, ChartSpec } from '#platform/pages/charts/chart';
import { type Amounts, formatValue } from '#platform/pages/charts/chart-text';
import type { CsvColumn } from '#platform/pages/lists/csv-cell';
import type { CsvFile } from '#platform/pages/lists/send-csv';
import { dateFormatter } from '#kernel/formatters';
import type { PeriodType } from '#kernel/period';
import type { Report, Series } from '../series.ts';
import type { ShownChart, ShownReport } from './shown-reports.ts';
import type { ShownPeriods } from './shown-periods.ts';

const chart_periods: Readonly<Record<PeriodType, ChartPeriod>> = {
  hourly: 'hour',
  daily: 'day',
  weekly: 'week',
  monthly: 'month',
  yearly: 'year',
};

/** A report with the same report of the periods before. */
export interface ComparedReport {
  report: Report;
  before: Report;
}

function findSeries({ results, extra = [] }: Report, slug: string): Series | undefined {
  return [...results, ...extra].find((each) => each.slug === slug);
}

/** Values of a series, one per period: those of a balance are at the ends of the periods. */
function periodValues(series: Series | undefined, count: number): number[] {
  return (series?.values ?? []).slice(-count).map(([, value]) => value);
}

/** Makes the chart of some series of a report. */
export function chartOfReport(
  { report, before }: ComparedReport,
  shown: ShownChart,
  { periods, is_running }: ShownPeriods,
  { amounts, empty }: { amounts: Amounts; empty: string },
): ChartSpec {
  const count = periods.bounds.length - 1;
  const own = shown.series.map(({ slug, role }) => {
    const series = findSeries(report, slug);
    return { role, label: series?.title ?? slug, values: filled(periodValues(series, count), count) };
  });
  const compared = shown.compared === null ? undefined : findSeries(report, shown.compared);
  const former = compared && {
    role: 'previous' as const,
    label: `${compared.title}, ${count} ${chart_periods[periods.type]}${count === 1 ? '' : 's'} before`,
    values: filled(periodValues(findSeries(before, compared.slug), count), count),
  };
  return {
    id: shown.id,
    title: shown.title,
    definition: report.definition,
    kind: shown.kind,
    period: chart_periods[periods.type],
    bounds: periods.bounds,
    is_running,
    series: former ? [...own, former] : own,
    amounts,
    empty,
  };
}

const filled = (values: readonly number[], count: number) =>
  Array.from({ length: count }, (_, index) => values[index] ?? 0);

/** All series of a report as a table: one row for each, one column for each instant. */
export interface ReportTable {
  head: { label: string; is_running: boolean }[];
  rows: { title: string; cells: string[] }[];
}

/** Makes the table of a report. Flows have no value at the first instant. */
export function tableOfReport(
  { results, extra = [] }: Report,
  { periods, is_running }: ShownPeriods,
  amounts: Amounts,
  reader: { locale: string; timezone: string },
): ReportTable {
  const { bounds } = periods;
  const format = instantFormat(periods.type, reader);
  const count = bounds.length;
  return {
    head: bounds.map((bound, index) => ({ label: format(bound), is_running: is_running && index === count - 1 })),
    rows: [...results, ...extra].map(({ title, values }) => {
      const is_share = title.startsWith('%');
      const text = (value: number) => (is_share ? `${value}%` : formatValue(value, amounts, reader.locale));
      return { title, cells: [...(values.length < count ? ['–'] : []), ...values.map(([, value]) => text(value))] };
    }),
  };
}

function instantFormat(type: PeriodType, { locale, timezone }: { locale: string; timezone: string }) {
  const day = { year: 'numeric', month: 'short', day: 'numeric', timeZone: timezone } as const;
  const dates = dateFormatter(locale, type === 'hourly' ? { ...day, hour: 'numeric', minute: '2-digit' } : day);
  return (at: Date) => dates.format(at);
}

/** Returns the download of all series of a report: one row for each, one column for each instant. */
export function csvOfReport(
  name: string,
  { results, extra = [] }: Report,
  bounds: readonly Date[],
  { amounts }: Pick<ShownReport, 'amounts'>,
  timezone: string,
): CsvFile<Series> {
  const columns = bounds.map((bound, index): CsvColumn<Series> => {
    const valueOf = ({ values }: Series) => values[index - (bounds.length - values.length)]?.[1] ?? null;
    const heading = bound.toISOString();
    return amounts === 'money'
      ? { heading, kind: 'decimal', value: valueOf }
      : { heading, kind: 'number', value: valueOf };
  });
  const rows = [...results, ...extra];
  return {
    name,
    columns: [{ heading: '', kind: 'text', value: ({ title }) => title }, ...columns],
    timezone,
    batches: (async function* batches() {
      yield rows;
    })(),
  };
}
