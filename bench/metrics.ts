import { writeFile } from 'node:fs/promises';
import { Client } from 'undici';
import type { Bench } from './bench.ts';
import { onFilledSite } from './filled-database.ts';
import { median, send } from './measure.ts';
import { fillMetricRows, METRIC_COUPON, METRIC_PROVIDER } from './metric-rows.ts';
import { printLine } from './report.ts';
import { positive } from './settings.ts';

/** Ledger rows of the two sites that are compared. */
const SMALL = 100_000;
const LARGE = positive('BENCH_METRIC_ROWS', 1_000_000, 10_000_000);
const KEPT = process.env['BENCH_METRIC_DATABASE'] ?? null;
const RUNS_COUNT = 15;
const DURATION_MS_MAX = 300;
const RATIO_MAX = 2;

const ofProvider = `/api/metrics/${METRIC_PROVIDER}`;
const lastYear = () => new Date(Date.now() - 365 * 86_400_000).toISOString().slice(0, 10);

/** Reports of a provider and of the site, and the lists behind their points. */
const operations: readonly string[] = [
  ...[
    'funds',
    'balances',
    'customers',
    'plans',
    'recurring-revenue',
    'revenue-churn',
    'cohorts',
    'lifetimevalue',
    'lifetimevalue?o=full_name',
    'balances-due',
    'federated',
    'federated/shared',
    `coupons/${METRIC_COUPON}`,
    'active',
    'churned',
  ].map((name) => `${ofProvider}/${name}`),
  ...['hourly', 'daily', 'weekly', 'yearly'].map((type) => `${ofProvider}/funds?period_type=${type}`),
  ...['hourly', 'yearly'].map((type) => `${ofProvider}/customers?period_type=${type}`),
  ...['weekly', 'yearly'].map((type) => `${ofProvider}/plans?period_type=${type}`),
  `${ofProvider}/balances?period_type=hourly&nb_periods=100&timezone=Asia/Kathmandu`,
  `${ofProvider}/recurring-revenue?period_type=daily&nb_periods=100`,
  `${ofProvider}/entries?series=payments&unit=usd&start_at=${lastYear()}`,
  `${ofProvider}/entries?series=backlog&unit=usd`,
  `${ofProvider}/entries?series=total-sales&unit=usd&start_at=${lastYear()}`,
  `${ofProvider}/movements?start_at=${lastYear()}`,
  `${ofProvider}/subscriptions?state=active`,
  '/api/metrics/registered',
  '/api/metrics/balances/bench',
];

/** Measures each report with 100,000 and with 1,000,000 ledger rows, and writes bench/reports/metrics.md. */
export async function benchMetrics(_: Bench): Promise<void> {
  const [few, many] = [await measureOperations(SMALL), await measureOperations(LARGE)];
  for (const path of operations) {
    const [few_ms = Number.NaN, many_ms = Number.NaN] = [few.get(path), many.get(path)];
    const name = path.replace(METRIC_PROVIDER, '{profile}').replace(METRIC_COUPON, '{coupon}');
    const detail = `p50 ${few_ms.toFixed(1)} ms with ${SMALL} rows`;
    printLine({ name: `GET ${name}`, value: many_ms / few_ms, unit: 'times', goal: { max: RATIO_MAX }, detail });
    printLine({ name: '', value: many_ms, unit: 'ms', goal: { max: DURATION_MS_MAX }, detail: `with ${LARGE} rows` });
  }
  await writeReport(few, many);
}

async function measureOperations(rows: number): Promise<Map<string, number>> {
  const filling = { by: 'bench/metric-rows.ts', rows, fill: fillMetricRows };
  return onFilledSite(
    filling,
    KEPT,
    () => {},
    async ({ site, token }) => {
      const client = new Client(site.origin);
      const medians = new Map<string, number>();
      for (const path of operations) {
        const durations_ms: number[] = [];
        for (let run = -2; run < RUNS_COUNT; run += 1) {
          const started_ms = performance.now();
          await send(client, { method: 'GET', path, headers: { authorization: `Bearer ${token}` } });
          if (run >= 0) durations_ms.push(performance.now() - started_ms);
        }
        const median_ms = median(durations_ms);
        medians.set(path, median_ms);
        console.log(`  ${rows} rows: ${median_ms.toFixed(1).padStart(8)} ms  GET ${path}`);
      }
      await client.close();
      return medians;
    },
  );
}

async function writeReport(few: ReadonlyMap<string, number>, many: ReadonlyMap<string, number>): Promise<void> {
  const lines = operations.map((path) => {
    const [few_ms = Number.NaN, many_ms = Number.NaN] = [few.get(path), many.get(path)];
    const reached = many_ms <= DURATION_MS_MAX && many_ms <= RATIO_MAX * few_ms ? 'yes' : 'no';
    const name = path
      .replace(METRIC_PROVIDER, '{profile}')
      .replace(METRIC_COUPON, '{coupon}')
      .replace(/start_at=[-\d]+/, 'start_at={a year ago}');
    return `| ${[name, few_ms.toFixed(1), many_ms.toFixed(1), (many_ms / few_ms).toFixed(2), reached].join(' | ')} |`;
  });
  const text = [
    '# Reports of a large ledger',
    '',
    `Whole responses over HTTP, median of ${RUNS_COUNT}, with ${SMALL} and ${LARGE} ledger rows of one provider. Goals: ${DURATION_MS_MAX} ms, and`,
    `${RATIO_MAX} times the duration with ${SMALL} rows. \`npm run bench -- metrics\` writes this file.`,
    '',
    `| operation | ms, ${SMALL} rows | ms, ${LARGE} rows | ratio | reached |`,
    '|---|---:|---:|---:|---|',
    ...lines,
    '',
  ].join('\n');
  await writeFile(new URL('reports/metrics.md', import.meta.url), text);
}
