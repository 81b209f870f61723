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
const monthStart = (months: number) => {
  const now = new Date(Date.now());
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months)).toISOString().slice(0, 10);
};
/** The last whole month, and the one before: the links of the reports name such periods. */
const month = `start_at=${monthStart(-1)}&ends_at=${monthStart(0)}`;

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
  `${ofProvider}/entries?series=payments&unit=usd&${month}`,
  `${ofProvider}/entries?series=backlog&unit=usd`,
  `${ofProvider}/entries?series=total-sales&unit=usd&${month}`,
  `${ofProvider}/entries?series=new-sales&unit=usd&${month}&before_at=${monthStart(-2)}`,
  `${ofProvider}/movements?${month}`,
  `${ofProvider}/subscriptions?state=active`,
  '/api/metrics/registered',
  '/api/metrics/balances/bench',
];

/** Why some responses grow with the ledger: they return or count ten times as many rows. */
const growths: readonly string[] = [
  '`balances-due`: the count of the list is that of the subjects with a debt.',
  '`federated`, `federated/shared`, `registered`: read from sums and from the steps of a day (record 0132). While more than 500',
  'changes wait for the job, at an instant with other members, and for a provider without members, the rows are counted.',
  '`funds` by the hour: orders of the last hours are counted, ten times as many.',
  'A ratio of one run varies with other load of the machine, up to a factor of two.',
];

/** Measures each report with 100,000 and with 1,000,000 ledger rows, and writes bench/reports/metrics.md. */
export async function benchMetrics(_: Bench): Promise<void> {
  const measured = new Map<string, readonly [small: Durations, large: Durations]>();
  await onSite(SMALL, (small) =>
    onSite(LARGE, async (large) => {
      for (const path of operations) measured.set(path, await compareSites(path, small, large));
    }),
  );
  for (const [path, [small, large]] of measured) {
    const name = path.replace(METRIC_PROVIDER, '{profile}').replace(METRIC_COUPON, '{coupon}');
    printLine({
      name: `GET ${name}`,
      value: large.lowest_ms / small.lowest_ms,
      unit: 'times',
      goal: { max: RATIO_MAX },
      detail: `lowest ${small.lowest_ms.toFixed(1)} ms with ${SMALL} rows, ${large.lowest_ms.toFixed(1)} ms with ${LARGE}`,
    });
    const detail = `p50 with ${LARGE} rows`;
    printLine({ name: '', value: large.median_ms, unit: 'ms', goal: { max: DURATION_MS_MAX }, detail });
  }
  await writeReport(measured);
}

/** Durations of an operation. The lowest depends least on other load of the machine: the ratio compares these. */
interface Durations {
  median_ms: number;
  lowest_ms: number;
}

/** Sends one request and returns its duration in milliseconds. */
type Timed = (path: string) => Promise<number>;

async function onSite(rows: number, work: (get: Timed) => Promise<void>): Promise<void> {
  const filling = { by: 'bench/metric-rows.ts', rows, fill: fillMetricRows };
  await onFilledSite(
    filling,
    KEPT,
    () => {},
    async ({ site, token }) => {
      const client = new Client(site.origin);
      await work(async (path) => {
        const started_ms = performance.now();
        await send(client, { method: 'GET', path, headers: { authorization: `Bearer ${token}` } });
        return performance.now() - started_ms;
      });
      await client.close();
    },
  );
}

/** Sends the requests in turn to both sites, so that other load of the machine meets both. */
async function compareSites(path: string, small: Timed, large: Timed): Promise<readonly [Durations, Durations]> {
  const durations_ms: [number[], number[]] = [[], []];
  for (let run = -2; run < RUNS_COUNT; run += 1) {
    const [small_ms, large_ms] = [await small(path), await large(path)];
    if (run < 0) continue;
    durations_ms[0].push(small_ms);
    durations_ms[1].push(large_ms);
  }
  const [of_small, of_large] = durations_ms.map((each) => ({ median_ms: median(each), lowest_ms: Math.min(...each) }));
  if (!of_small || !of_large) throw new Error('a comparison has two sides');
  const [few, many] = [of_small, of_large].map(({ lowest_ms }) => lowest_ms.toFixed(1).padStart(8));
  console.log(`  ${few} ms ${many} ms  GET ${path}`);
  return [of_small, of_large];
}

async function writeReport(measured: ReadonlyMap<string, readonly [Durations, Durations]>): Promise<void> {
  const lines = [...measured].map(([path, [small, large]]) => {
    const ratio = large.lowest_ms / small.lowest_ms;
    const name = path
      .replace(METRIC_PROVIDER, '{profile}')
      .replace(METRIC_COUPON, '{coupon}')
      .replaceAll(/_at=[-\d]+/g, '_at={month}');
    const durations = [small, large].flatMap(({ lowest_ms, median_ms }) => [
      lowest_ms.toFixed(1),
      median_ms.toFixed(1),
    ]);
    const reached = large.median_ms <= DURATION_MS_MAX && ratio <= RATIO_MAX ? 'yes' : 'no';
    return `| ${[name, ...durations, ratio.toFixed(2), reached].join(' | ')} |`;
  });
  const text = [
    '# Reports of a large ledger',
    '',
    `Whole responses over HTTP with ${SMALL} and with ${LARGE} ledger rows of one provider: lowest and median duration of`,
    `${RUNS_COUNT}, in ms. Goals: a median of ${DURATION_MS_MAX} ms, and ${RATIO_MAX} times the lowest duration with ${SMALL} rows.`,
    '`npm run bench -- metrics` writes this file.',
    '',
    `| operation | ${SMALL}: lowest | median | ${LARGE}: lowest | median | ratio | reached |`,
    '|---|---:|---:|---:|---:|---:|---|',
    ...lines,
    '',
    '## What grows',
    '',
    ...growths,
    '',
  ].join('\n');
  await writeFile(new URL('reports/metrics.md', import.meta.url), text);
}
