import { Client } from 'undici';
import type { Bench } from './bench.ts';
import { startBenchSite } from './bench-site.ts';
import { median, send } from './measure.ts';
import { fillMetricRows, METRIC_PROVIDER } from './metric-rows.ts';
import { onDatabase } from './on-database.ts';
import { printLine } from './report.ts';
import { makeScratchDatabase } from './scratch-database.ts';

/** Ledger rows of the two sites that are compared. */
const ROWS = [100_000, 1_000_000] as const;
const RUNS_COUNT = 15;

/** Reports of a provider, and of the site. */
const reports = [
  ...['funds', 'balances', 'customers', 'plans', 'lifetimevalue', 'balances-due', 'federated', 'federated/shared'].map(
    (name) => `/api/metrics/${METRIC_PROVIDER}/${name}`,
  ),
  ...['hourly', 'daily', 'weekly', 'yearly'].map((type) => `/api/metrics/${METRIC_PROVIDER}/funds?period_type=${type}`),
  `/api/metrics/${METRIC_PROVIDER}/customers?period_type=yearly`,
  `/api/metrics/${METRIC_PROVIDER}/balances?period_type=hourly&nb_periods=100&timezone=Asia/Kathmandu`,
  '/api/metrics/balances/bench',
] as const;

/** Compares the duration of each report with 100,000 and with 1,000,000 ledger rows. */
export async function benchMetrics(_: Bench): Promise<void> {
  const [few, many] = [await measureReports(ROWS[0]), await measureReports(ROWS[1])];
  for (const report of reports) {
    const few_ms = few.get(report) ?? Number.NaN;
    const many_ms = many.get(report) ?? Number.NaN;
    printLine({
      name: `GET ${report.replace(METRIC_PROVIDER, '{profile}')} of 1,000,000 rows`,
      value: many_ms / few_ms,
      unit: 'times',
      goal: { max: 2 },
      detail: `p50 ${few_ms.toFixed(1)} ms with 100,000 rows, ${many_ms.toFixed(1)} ms with 1,000,000`,
    });
  }
}

async function measureReports(rows: number): Promise<Map<string, number>> {
  const scratch = await makeScratchDatabase();
  if ('reason' in scratch) throw new Error(scratch.reason);
  try {
    const site = await startBenchSite(scratch.url);
    try {
      const headers = { authorization: `Bearer ${await site.registerManager('reader')}` };
      await onDatabase(scratch.url, async (client) => {
        await fillMetricRows(client, rows);
        await client.query(
          `insert into balance_lines (report, title, selector, rank) values ('bench', 'Sales', 'Receivable', 1), ('bench', 'Income', 'Income', 2)`,
        );
      });
      const client = new Client(site.origin);
      const medians = new Map<string, number>();
      for (const path of reports) {
        const durations_ms: number[] = [];
        for (let run = -2; run < RUNS_COUNT; run += 1) {
          const started_ms = performance.now();
          await send(client, { method: 'GET', path, headers });
          if (run >= 0) durations_ms.push(performance.now() - started_ms);
        }
        medians.set(path, median(durations_ms));
      }
      await client.close();
      return medians;
    } finally {
      await site.stop();
    }
  } finally {
    await scratch.drop();
  }
}
