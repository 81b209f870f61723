import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import pg from 'pg';
import type { Bench } from './bench.ts';
import { budgets } from './budgets.ts';
import { onDatabase } from './on-database.ts';
import type { JobCost, JobRequest } from './renewal-child.ts';
import { fillRenewalRows, type RenewalRows, WARM_UP_COUNT, WARM_UP_HOURS } from './renewal-rows.ts';
import { printLine } from './report.ts';
import { makeScratchDatabase } from './scratch-database.ts';

const RENEWALS_PER_S_MIN = 150;
const GROWTH_MAX = 1.2;
const RESIDENT_MB_MAX = 300;
/** Most statements of the start of a run. */
const RUN_STATEMENTS_MAX = 10;
const HISTORY_ORDERS = 36;
const HISTORY_COUNT = 2_000;
const PROGRESS_MS = 5_000;
const HOUR_MS = 3_600_000;

const sizes = (process.env['BENCH_RENEWALS'] ?? '10000,100000').split(',').map(readSize);

interface Measured {
  rows: RenewalRows;
  warm_up: JobCost;
  renewal: JobCost;
  recognition_warm_up: JobCost;
  recognition: JobCost;
}

/**
 * Renews due subscriptions with the test processor in a process of its own, by the job of the production scheduler,
 * then recognises the income of the periods that end. Writes bench/reports/renewals.md.
 */
export async function benchRenewals(_: Bench): Promise<void> {
  const measured: Measured[] = [];
  for (const subscriptions of sizes) measured.push(await measure({ subscriptions, orders: 1 }));
  const few = await measure({ subscriptions: HISTORY_COUNT, orders: 1 });
  const many = await measure({ subscriptions: HISTORY_COUNT, orders: HISTORY_ORDERS });
  for (const { rows, renewal, recognition } of measured) {
    const count = rows.subscriptions;
    printLine({
      name: `renewals of ${count} subscriptions`,
      value: count / renewal.duration_s,
      unit: 'per s',
      goal: { min: RENEWALS_PER_S_MIN },
      detail: `${msEach(renewal.cpu_s, count)} ms CPU each, ${renewal.duration_s.toFixed(0)} s`,
    });
    const mb = renewal.peak_bytes / 1e6;
    printLine({ name: '', value: mb, unit: 'MB', goal: { max: RESIDENT_MB_MAX }, detail: 'largest resident memory' });
    printLine({
      name: `recognition of ${count} subscriptions`,
      value: count / recognition.duration_s,
      unit: 'per s',
      detail: `${msEach(recognition.cpu_s, count)} ms CPU each`,
    });
  }
  const [first, last] = [measured[0], measured.at(-1)];
  if (first && last && first !== last) {
    for (const step of ['renewal', 'recognition'] as const)
      printLine({
        name: `${step}: cost at ${last.rows.subscriptions}`,
        value: costEach(last, step) / costEach(first, step),
        unit: 'times',
        goal: { max: GROWTH_MAX },
        detail: `CPU of the process per subscription, against ${first.rows.subscriptions}`,
      });
  }
  if (first) printStatements(first);
  for (const step of ['renewal', 'recognition'] as const)
    printLine({
      name: `${step} after ${HISTORY_ORDERS} orders each`,
      value: costEach(many, step) / costEach(few, step),
      unit: 'times',
      goal: { max: GROWTH_MAX },
      detail: 'CPU of the process per subscription, against one order each',
    });
  await writeReport([...measured, few, many]);
}

function printStatements({ warm_up, recognition_warm_up }: Measured): void {
  for (const [name, cost, budget] of [
    ['renewal', warm_up, budgets.renew_subscription],
    ['recognition', recognition_warm_up, budgets.recognise_subscription],
  ] as const)
    printLine({
      name: `statements: ${name} of a subscription`,
      value: statementsEach(cost),
      unit: 'times',
      // Those of the start of the run belong to no subscription.
      goal: { max: budget.statements_max + RUN_STATEMENTS_MAX / WARM_UP_COUNT },
      detail: `in ${(cost.exchanges_count / WARM_UP_COUNT).toFixed(2)} exchanges and ${(cost.transactions_count / WARM_UP_COUNT).toFixed(2)} transactions`,
    });
}

const statementsEach = ({ statements }: JobCost) => (statements?.length ?? 0) / WARM_UP_COUNT;
const msEach = (total_s: number, count: number) => ((total_s * 1000) / count).toFixed(2);
const costEach = ({ rows, ...costs }: Measured, step: 'renewal' | 'recognition') =>
  costs[step].cpu_s / rows.subscriptions;

async function measure(rows: RenewalRows): Promise<Measured> {
  const database = await makeScratchDatabase();
  if ('reason' in database) throw new Error(database.reason);
  try {
    // The first start migrates the database and sets the site up.
    const setting = { url: database.url, secret: randomBytes(48).toString('base64url') };
    await (await startChild(setting)).stop();
    const started_ms = performance.now();
    const at = await onDatabase(database.url, (client) => fillRenewalRows(client, rows));
    console.log(
      `  ${rows.subscriptions} subscriptions filled in ${((performance.now() - started_ms) / 1000).toFixed(0)} s`,
    );
    const child = await startChild(setting);
    try {
      return await runJobs(child, database.url, rows, at);
    } finally {
      await child.stop();
    }
  } finally {
    await database.drop();
  }
}

async function runJobs(child: Child, url: string, rows: RenewalRows, at: Date): Promise<Measured> {
  const early = new Date(at.getTime() - WARM_UP_HOURS * HOUR_MS).toISOString();
  const renew = { job: 'renew_subscriptions', at: at.toISOString(), is_counted: false };
  const warm_up = await child.run({ ...renew, at: early, is_counted: true });
  const renewal = await withProgress(url, rows.subscriptions, 'renewed', 'renewal_charges', () => child.run(renew));
  const recognise = { job: 'recognise_income', is_counted: false };
  const ended = (hours: number) => new Date(at.getTime() + hours * HOUR_MS).toISOString();
  const recognition_warm_up = await child.run({ ...recognise, at: ended(10), is_counted: true });
  const events = "ledger_events where kind = 'recognition'";
  const recognition = await withProgress(url, rows.subscriptions, 'recognised', events, () =>
    child.run({ ...recognise, at: ended(24) }),
  );
  await requireAll(url, rows);
  return { rows, warm_up, renewal, recognition_warm_up, recognition };
}

/** Fails unless every subscription was renewed, paid and recognised once: a rate of half the work measures nothing. */
async function requireAll(url: string, { subscriptions }: RenewalRows): Promise<void> {
  const count = subscriptions + WARM_UP_COUNT;
  const found = await onDatabase(url, async (client) => {
    const { rows } = await client.query<{ renewed: number; paid: number; recognised: number }>(`select
      (select count(*)::int from order_lines where renews_from is not null) as renewed,
      (select count(*)::int from renewal_charges where kind = 'paid') as paid,
      (select count(*)::int from ledger_events where kind = 'recognition') as recognised`);
    return rows[0];
  });
  if (found?.renewed !== count || found.paid !== count || found.recognised !== count)
    throw new Error(`${count} subscriptions were due, but ${JSON.stringify(found)}`);
}

/**
 * Prints how much of the work is done, its rate and what is left, while it runs. Collects statistics each time the rows
 * have doubled, as autovacuum does more often: without them the server goes on with plans that it made of empty tables.
 */
async function withProgress<T>(
  url: string,
  total: number,
  word: string,
  from: string,
  work: () => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const started_ms = performance.now();
  let next_analyze_count = WARM_UP_COUNT;
  const print = async () => {
    const { rows } = await client.query<{ count: number }>(`select count(*)::int as count from ${from}`);
    const done = Math.max(0, (rows[0]?.count ?? 0) - WARM_UP_COUNT);
    const per_s = done / ((performance.now() - started_ms) / 1000);
    const left_s = per_s > 0 ? ((total - done) / per_s).toFixed(0) : '?';
    console.log(`  ${done} of ${total} ${word}, ${per_s.toFixed(0)} a second, ${left_s} s left`);
    if (done < next_analyze_count) return;
    next_analyze_count = done * 2;
    await client.query('vacuum analyze');
  };
  let is_printing = false;
  const timer = setInterval(() => {
    if (is_printing) return;
    is_printing = true;
    void print()
      .catch(() => clearInterval(timer))
      .finally(() => {
        is_printing = false;
      });
  }, PROGRESS_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    await client.end();
  }
}

interface Child {
  run(request: JobRequest): Promise<JobCost>;
  stop(): Promise<void>;
}

async function startChild({ url, secret }: { url: string; secret: string }): Promise<Child> {
  const child: ChildProcess = fork(new URL('renewal-child.ts', import.meta.url), {
    env: {
      ...process.env,
      DATABASE_URL: url,
      SECRET_KEY: secret,
      LOG_LEVEL: 'error',
      SITE_EMAIL: 'bench@example.com',
      ALLOW_TEST_PROCESSOR: '1',
      ALLOW_INSECURE_COOKIES: '1',
      ALLOW_RAISED_LIMITS: '1',
    },
  });
  const answer = async (): Promise<unknown> => {
    const ended = once(child, 'exit').then(([code]: unknown[]) => {
      throw new Error(`the measured process ended with ${String(code)}`);
    });
    ended.catch(() => {}); // the race reports it
    const messages: unknown[] = await Promise.race([once(child, 'message'), ended]);
    return messages[0];
  };
  await answer();
  return {
    async run(request) {
      const answered = answer();
      child.send(request);
      return (await answered) as JobCost; // sent by renewal-child.ts
    },
    async stop() {
      const ended = once(child, 'exit');
      child.send('stop');
      await ended;
    },
  };
}

function readSize(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1_000_000)
    throw new Error('BENCH_RENEWALS: give whole numbers from 1 to 1000000, separated by commas');
  return value;
}

async function writeReport(measured: readonly Measured[]): Promise<void> {
  const lines = measured.flatMap((each) =>
    (['renewal', 'recognition'] as const).map((step) => {
      const { rows, [step]: cost, warm_up, recognition_warm_up } = each;
      const counted = step === 'renewal' ? warm_up : recognition_warm_up;
      return `| ${[
        step,
        rows.subscriptions,
        rows.orders,
        (rows.subscriptions / cost.duration_s).toFixed(0),
        msEach(cost.cpu_s, rows.subscriptions),
        (cost.peak_bytes / 1e6).toFixed(0),
        statementsEach(counted).toFixed(2),
        (counted.exchanges_count / WARM_UP_COUNT).toFixed(2),
        (counted.transactions_count / WARM_UP_COUNT).toFixed(2),
      ].join(' | ')} |`;
    }),
  );
  const text = [
    '# Renewals and recognition',
    '',
    'One process runs the job of the production scheduler on PostgreSQL with the test processor, which keeps its charges in the',
    'same database. Each subscription has a payer of its own. CPU is that of the process; the database server is not included.',
    'Statistics of the tables are collected each time the rows have doubled, as autovacuum does more often.',
    `Statements, exchanges and transactions are counted in a first run of ${WARM_UP_COUNT} subscriptions, with those of the start of the run.`,
    'Memory does not grow with the subscriptions: `serve` and `work` limit the garbage that the heap keeps (record 0130).',
    `Goals: ${RENEWALS_PER_S_MIN} renewals a second, ${GROWTH_MAX} × the CPU at the largest size, ${RESIDENT_MB_MAX} MB. \`npm run bench -- renewals\` writes this file.`,
    '',
    '| job | subscriptions | orders each before | per s | CPU ms each | MB at most | statements each | exchanges each | transactions each |',
    '|---|---:|---:|---:|---:|---:|---:|---:|---:|',
    ...lines,
    '',
  ].join('\n');
  await writeFile(new URL('reports/renewals.md', import.meta.url), text);
}
