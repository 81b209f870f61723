import type { ChartPeriod, ChartSpec } from '#platform/pages/charts/chart';
import { type Amounts, formatValue } from '#platform/pages/charts/chart-text';
import type { CsvColumn } from '#platform/pages/lists/csv-cell';
import type { CsvFile } from '#platform/pages/lists/send-csv';
import { dateFormatter } from '#kernel/formatters';
import type { PeriodType } from '#kernel/period';
import { pageOfRows } from '../rows-of.ts';
import type { Report, Series } from '../series.ts';
import type { ShownChart, ShownReport } from './shown-reports.ts';
import type { ShownPeriods } from './shown-periods.ts';

export const chart_periods: Readonly<Record<PeriodType, ChartPeriod>> = {
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
  const former = formerValues(before, report, shown);
  const noun = `${chart_periods[periods.type]}${count === 1 ? '' : 's'}`;
  const previous = former && {
    role: 'previous' as const,
    label: `${former.label}, ${count} ${noun} before`,
    values: filled(former.values.slice(-count), count),
  };
  return {
    id: shown.id,
    title: shown.title,
    definition: report.definition,
    kind: shown.kind,
    period: chart_periods[periods.type],
    bounds: periods.bounds,
    is_running,
    series: previous ? [...own, previous] : own,
    amounts,
    empty,
  };
}

/** Values of the periods before that a chart is compared with: of one series, or of the sum of all. */
function formerValues(before: Report, report: Report, { compared, series }: ShownChart) {
  if (compared === null) return null;
  if (typeof compared === 'string') {
    const own = findSeries(report, compared);
    const values = findSeries(before, compared)?.values ?? [];
    return own ? { label: own.title, values: values.map(([, value]) => value) } : null;
  }
  const all = series.map(({ slug }) => findSeries(before, slug)?.values ?? []);
  const length = Math.max(0, ...all.map((values) => values.length));
  return {
    label: compared.sum,
    values: Array.from({ length }, (_, index) =>
      all.reduce((sum, values) => sum + (values[index + values.length - length]?.[1] ?? 0), 0),
    ),
  };
}

const filled = (values: readonly number[], count: number) =>
  Array.from({ length: count }, (_, index) => values[index] ?? 0);

/** A value of a table with the page of its rows. */
export interface ReportCell {
  text: string;
  href: string | null;
}

/** All series of a report as a table: one row for each, one column for each instant. */
export interface ReportTable {
  head: { label: string; is_running: boolean }[];
  rows: { title: string; cells: ReportCell[] }[];
}

interface TableReader {
  locale: string;
  timezone: string;
  /** Slug of the provider. */
  provider: string;
}

/** Makes the table of a report. Flows have no value at the first instant. */
export function tableOfReport(
  { results, extra = [] }: Report,
  { periods, is_running }: ShownPeriods,
  amounts: Amounts,
  reader: TableReader,
): ReportTable {
  const { bounds } = periods;
  const format = instantFormat(periods.type, reader);
  const count = bounds.length;
  return {
    head: bounds.map((bound, index) => ({ label: format(bound), is_running: is_running && index === count - 1 })),
    rows: [...results, ...extra].map((series) => ({
      title: series.title,
      cells: [
        ...(series.values.length < count ? [{ text: '–', href: null }] : []),
        ...cellsOf(series, amounts, reader),
      ],
    })),
  };
}

function cellsOf({ title, values, links }: Series, amounts: Amounts, { locale, provider }: TableReader): ReportCell[] {
  return values.map(([, value], index) => ({
    text: title.startsWith('%') ? `${value}%` : formatValue(value, amounts, locale),
    href: pageOfRows(provider, links[index] ?? null),
  }));
}

/** Makes the table of the periods from now on: one row for each value, those without a period last. */
export function tableOfUpcoming(
  { results, extra = [] }: Report,
  type: PeriodType,
  amounts: Amounts,
  reader: TableReader,
): { title: string; cells: ReportCell[] }[] {
  const format = instantFormat(type, reader);
  return [
    ...results.flatMap((series) =>
      cellsOf(series, amounts, reader).map((cell, index) => ({
        title: `Until ${format(new Date(new Date(series.values[index]?.[0] ?? 0).getTime() - 1))}`,
        cells: [cell],
      })),
    ),
    ...extra.map((series) => ({ title: series.title, cells: cellsOf(series, amounts, reader) })),
  ];
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
