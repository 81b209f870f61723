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

/** Reads gauges of a room, in few statements: a monitor calls it every few seconds. */
export type ReadGauges = (reader: Reader) => Promise<Gauge[]>;

/**
 * Registers `/metrics` in the text format of Prometheus, for managers and contributors of the broker: a monitor sends
 * the API key of such a user by `Authorization: Basic`.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function registerMetrics(app: App, readers: readonly ReadGauges[]): void {
  app.get('/metrics', { config: { access: { kind: 'broker' } }, schema: { hide: true } }, async ({ ctx }, reply) => {
    const gauges: Gauge[] = [];
    for (const read of readers) gauges.push(...(await read(ctx.db)));
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(metricsText(gauges));
  });
}

/** Writes gauges in the text format of Prometheus. */
export function metricsText(gauges: readonly Gauge[]): string {
  return gauges
    .map(({ name, help, value }) => {
      const text = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
      return `# HELP ${name} ${text}\n# TYPE ${name} gauge\n${name} ${value}\n`;
    })
    .join('');
}
