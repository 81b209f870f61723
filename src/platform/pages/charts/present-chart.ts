import { assertAmount } from '#kernel/money';
import { type Chart, type ChartSeries, type ChartSpec, seriesNumber } from './chart.ts';
import { type ChartReader, formatValue, makeTickFormat, periodNames } from './chart-text.ts';
import { drawChart } from './draw-chart.ts';

/** Labels below an axis on a wide screen; a narrow one shows every second. */
const LABELS_MAX = 13;

/** Returns the data of `_chart.html`: picture, sentence and table of the same values. */
export function presentChart(spec: ChartSpec, reader: ChartReader): Chart {
  const { series, bounds, amounts } = spec;
  const count = Math.max(0, bounds.length - 1);
  for (const { label, values } of series) {
    if (values.length !== count) throw new Error(`${label} has ${values.length} values for ${count} periods`);
    for (const value of values) if (value !== null) assertAmount(value);
  }
  const { ticks, ...drawing } = drawChart(spec);
  const format = makeTickFormat(
    ticks.map(({ value }) => value),
    amounts,
    reader.locale,
  );
  const names = namesOf(spec, reader);
  const is_empty = isEmpty(spec);
  return {
    id: spec.id,
    title: spec.title,
    definition: spec.definition ?? null,
    sentence: sentenceOf(spec, reader, names),
    empty: is_empty ? spec.empty : null,
    legend: series.map(({ role, label }) => ({ series: seriesNumber(role), label })),
    running: spec.is_running && !is_empty ? `${capital(names.noun)} not over` : null,
    ...drawing,
    ticks: ticks.map(({ y, value }) => ({ y, label: is_empty && value !== 0 ? '' : format(value) })),
    columns: columnsOf(names.axis),
    table: tableOf(spec, reader, names),
    csv_href: spec.csv_href ?? null,
  };
}

interface Names {
  noun: string;
  axis: readonly string[];
  full: readonly string[];
}

function namesOf({ period, bounds }: ChartSpec, reader: ChartReader): Names {
  const starts = bounds.slice(0, -1);
  const { axis, full, noun } = periodNames(period, starts.length, reader);
  return { noun, axis: starts.map(axis), full: starts.map(full) };
}

/** A flow of nothing but zeros is empty; a balance of zero is a value. */
function isEmpty({ kind, series }: ChartSpec): boolean {
  return series.every(({ values }) => values.every((value) => value === null || (kind === 'flow' && value === 0)));
}

function columnsOf(labels: readonly string[]): Chart['columns'] {
  const distance = Math.ceil(labels.length / LABELS_MAX);
  const last = labels.length - 1;
  // Counted from the latest period, which always has its label.
  return labels.map((label, index) => {
    const is_labelled = (last - index) % distance === 0;
    const is_minor = labels.length > LABELS_MAX / 2 && ((last - index) / distance) % 2 === 1;
    return { label: is_labelled ? label : null, is_minor };
  });
}

function sentenceOf(spec: ChartSpec, { locale }: ChartReader, { noun, full }: Names): string {
  const [first = '', last = ''] = [full[0], full.at(-1)];
  const span =
    full.length > 1 ? `${spec.title} by ${noun}, ${first} to ${last}` : [spec.title, first].filter(Boolean).join(', ');
  if (isEmpty(spec)) return `${span}: ${spec.empty}.`;
  const text = (value: number) => formatValue(value, spec.amounts, locale);
  const parts = spec.series.flatMap((series) => partOf(series, spec, { text, full }));
  return `${span}. ${parts.join(' ')} The table below has each value.`;
}

function partOf(
  { label, values }: ChartSeries,
  { is_running }: ChartSpec,
  { text, full }: { text: (value: number) => string; full: readonly string[] },
): string[] {
  const known = values.flatMap((value, index) => (value === null ? [] : [{ value, index }]));
  const latest = known.at(-1);
  if (!latest) return [];
  const low = known.reduce((best, each) => (each.value < best.value ? each : best));
  const high = known.reduce((best, each) => (each.value > best.value ? each : best));
  const at = ({ value, index }: { value: number; index: number }) => {
    const so_far = is_running && index === values.length - 1 ? ' so far' : '';
    return `${text(value)} in ${full[index]}${so_far}`;
  };
  if (low.value === high.value && known.length === 1) return [`${label}: ${at(latest)}.`];
  return [`${label}: lowest ${at(low)}, highest ${at(high)}, latest ${at(latest)}.`];
}

function tableOf(spec: ChartSpec, { locale }: ChartReader, { noun, full }: Names): Chart['table'] {
  const { series, total = null, is_running } = spec;
  const text = (value: number | null) => (value === null ? '–' : formatValue(value, spec.amounts, locale));
  return {
    caption: `${spec.title}, by ${noun}`,
    head: [capital(noun), ...series.map(({ label }) => label), ...(total === null ? [] : [total])],
    rows: full.map((name, index) => {
      const values = series.map(({ values: all }) => all[index] ?? null);
      const sum = values.reduce<number>(
        (result, value, place) => (series[place]?.role === 'previous' ? result : result + (value ?? 0)),
        0,
      );
      return {
        name: is_running && index === full.length - 1 ? `${capital(name)}, so far` : capital(name),
        cells: [...values, ...(total === null ? [] : [sum])].map(text),
      };
    }),
  };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
