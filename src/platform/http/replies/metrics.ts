import type { Reader } from '../../db/database.ts';
import type { App } from '../app.ts';

/** A value that can rise and fall, as `/metrics` reports it. */
export interface Gauge {
  /** `tollgate_` and a noun with its unit, in lower case. */
  name: string;
  /** One sentence. */
  help: string;
  value: number;
}

/** Durations that were counted since the start of this process, as `/metrics` reports them. */
export interface Histogram {
  /** `tollgate_` and a noun with its unit, in lower case. */
  name: string;
  /** One sentence. */
  help: string;
  /** Upper bounds of the buckets, inclusive, in ascending order; one more bucket has no bound. */
  bounds: readonly number[];
  series: readonly HistogramSeries[];
}

interface HistogramSeries {
  labels: Readonly<Record<string, string>>;
  /** Values of each bucket, without those of the buckets below. */
  counts: readonly number[];
  sum: number;
}

/** Reads histograms of a room from memory. */
export type ReadHistograms = () => readonly Histogram[];

/** Reads gauges of a room, in few statements: a monitor calls it every few seconds. */
export type ReadGauges = (reader: Reader) => Promise<Gauge[]>;

/**
 * Registers `/metrics` in the text format of Prometheus, for managers and contributors of the broker: a monitor sends
 * the API key of such a user by `Authorization: Basic`.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function registerMetrics(
  app: App,
  readers: readonly ReadGauges[],
  histogramReaders: readonly ReadHistograms[] = [],
): void {
  app.get('/metrics', { config: { access: { kind: 'broker' } }, schema: { hide: true } }, async ({ ctx }, reply) => {
    const gauges: Gauge[] = [];
    for (const read of readers) gauges.push(...(await read(ctx.db)));
    const histograms = histogramReaders.flatMap((read) => read());
    const text = metricsText(gauges) + histogramsText(histograms);
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(text);
  });
}

/** Writes gauges in the text format of Prometheus. */
export function metricsText(gauges: readonly Gauge[]): string {
  return gauges.map(({ name, help, value }) => `${headOf(name, help, 'gauge')}${name} ${value}\n`).join('');
}

/** Writes histograms in the text format of Prometheus, with the counts of the buckets below in each. */
export function histogramsText(histograms: readonly Histogram[]): string {
  return histograms
    .map(({ name, help, bounds, series }) => {
      const lines = series.flatMap(({ labels, counts, sum }) => {
        const texts = Object.entries(labels).map(([label, value]) => `${label}="${quotable(value)}"`);
        let total = 0;
        const buckets = counts.map((count, index) => {
          total += count;
          return `${name}_bucket{${[...texts, `le="${bounds[index] ?? '+Inf'}"`].join(',')}} ${total}\n`;
        });
        const all = texts.join(',');
        return [...buckets, `${name}_sum{${all}} ${sum}\n`, `${name}_count{${all}} ${total}\n`];
      });
      return headOf(name, help, 'histogram') + lines.join('');
    })
    .join('');
}

function headOf(name: string, help: string, kind: 'gauge' | 'histogram'): string {
  return `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${kind}\n`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function quotable(value: string): string {
  return escaped(value).replaceAll('"', '\\"');
}
