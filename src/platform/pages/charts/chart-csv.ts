import type { CsvColumn } from '../lists/csv-cell.ts';
import type { CsvFile } from '../lists/send-csv.ts';
import type { ChartSpec } from './chart.ts';
import { type ChartReader, periodNames } from './chart-text.ts';

/**
 * Returns the download of a chart, for `sendCsv`: exactly the values of its table, amounts as decimal numbers without
 * currency.
 */
export function csvOfChart({ id, period, bounds, series, amounts }: ChartSpec, reader: ChartReader): CsvFile<number> {
  const starts = bounds.slice(0, -1);
  const { full, noun } = periodNames(period, starts.length, reader);
  const kind: 'decimal' | 'number' = amounts.kind === 'money' ? 'decimal' : 'number';
  const columns: CsvColumn<number>[] = [
    { heading: noun, kind: 'text', value: (index) => full(starts[index] ?? new Date(0)) },
    ...series.map(({ label, values }) => ({
      heading: label,
      kind,
      value: (index: number) => values[index] ?? null,
    })),
  ];
  return { name: id, columns, timezone: reader.timezone, batches: batchesOf([...starts.keys()]) };
}

async function* batchesOf(rows: readonly number[]) {
  yield rows;
}
