import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { openDatabase } from '../../src/platform/db/database.ts';
import type { AnyJob } from '../../src/platform/jobs/jobs.ts';
import type { ChangeSite } from '../support/changes.ts';
import { startApp, type TestApp } from '../support/start-app.ts';
import { startCuttingProxy } from './cutting-proxy.ts';

/**
 * Work of one job: it is prepared once; then runs of the job are killed one after the other, each later in its work
 * than the one before, two nodes run it at the same time, and it runs once more.
 */
export interface JobWork {
  job: string;
  /** What the job does here. */
  title: string;
  /** Makes the work and moves the clock to its instant; returns the payload of a job that is enqueued. */
  prepare(scene: JobScene): Promise<object | undefined>;
  /** Jobs that finish what a killed run left open, more than an hour later. */
  recover?: readonly string[];
  /** Requires that the work was done once. */
  check(scene: JobScene): Promise<void>;
}

export interface JobScene {
  site: ChangeSite;
  /** Name of a subscriber of this work only. */
  name: string;
  /** Values that `prepare` leaves to `check`. */
  notes: Map<string, string>;
}

/** Requests to the database after which a run is killed; each run continues what the one before left. */
const KILLS = [1, 2, 3, 5, 7, 10, 14, 19, 25, 32, 40, 50, 62, 76, 92, 110, 140, 180, 240, 320];

const GONE_MS_MAX = 30_000;
/** Numbers the processes that are killed. */
let lives_count = 0;

/** Exceeds the time after which an unreachable processor is called again. */
const RECOVERY_MS = 65 * 60_000;

/** Tables in which a run may leave a row although there was nothing to do, or to which nodes write by a timer. */
const TABLES_OF_RUNS = new Set(['ledger_verifications', 'request_counts', 'rate_limits']);

function findJob({ app }: ChangeSite, name: string): AnyJob {
  return app.tollgate.worker.jobs.find((job) => job.name === name) ?? assert.fail(`there is no job ${name}`);
}

/** Runs a job in a process whose connections to the database end after some requests. Returns false if it finished. */
async function killAfter(site: ChangeSite, job: AnyJob, payload: object, count: number): Promise<boolean> {
  const { url } = site.app.database;
  assert(url !== null, 'a process is killed on a database server only');
  const proxy = await startCuttingProxy(url);
  const name = `killed_${(lives_count += 1)}`;
  const database = await openDatabase({ url: `${proxy.url}?application_name=${name}` });
  const ctx = await site.app.tollgate.makeContext(job.name);
  proxy.cutAfter(count);
  const run = job.run({ ...ctx, db: database.db }, payload as never, ctx.clock.now()); // as the entry declares it
  await Promise.race([run.catch(() => {}), proxy.cut]);
  const isCut = proxy.is_cut();
  await proxy.close();
  // The errors of the killed process have no reader.
  await run.catch(() => {});
  await database.close();
  await untilGone(site, name);
  return isCut;
}

/** Waits until the server has ended the connections of a process: until then they hold their locks. */
async function untilGone({ app }: ChangeSite, name: string): Promise<void> {
  const deadline_ms = performance.now() + GONE_MS_MAX;
  const countConnections = async () =>
    (await sql<{ pid: number }>`select pid from pg_stat_activity where application_name = ${name}`.execute(app.db)).rows
      .length;
  while ((await countConnections()) > 0) {
    assert(performance.now() < deadline_ms, `connections of ${name} outlive it`);
    await sleep(20);
  }
}

/** Starts a second node on the database of the site, with the same clock. */
export async function startSecondNode({ app }: ChangeSite): Promise<TestApp> {
  const { url } = app.database;
  assert(url !== null, 'two nodes need a database server');
  return startApp({ seed: false, now: app.clock.now(), database: { ...(await openDatabase({ url })), url } });
}

async function runOn(node: TestApp, name: string, payload: object): Promise<void> {
  const job = node.tollgate.worker.jobs.find((each) => each.name === name) ?? assert.fail(name);
  await job.run(await node.tollgate.makeContext(name), payload as never, node.clock.now());
}

/** Returns the number of rows of each table. */
async function countRows({ app }: ChangeSite): Promise<Record<string, number>> {
  const { rows: tables } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`.execute(app.db);
  const counts = tables
    .filter(({ name }) => !TABLES_OF_RUNS.has(name))
    .map(({ name }) => sql`select ${name}::text as name, count(*)::int as count from ${sql.table(name)}`);
  const { rows } = await sql<{ name: string; count: number }>`${sql.join(counts, sql` union all `)}`.execute(app.db);
  return Object.fromEntries(rows.map(({ name, count }) => [name, count]));
}

/** Restarts the process: the jobs that finish open work run when no request can be under way any more. */
async function recover(site: ChangeSite, { recover: jobs = [] }: JobWork): Promise<void> {
  if (jobs.length === 0) return;
  site.moveTo(new Date(site.app.clock.now().getTime() + RECOVERY_MS).toISOString());
  for (const name of jobs) await runOn(site.app, name, {});
}

/** Kills a job at growing places of its work, then finishes it on two nodes; returns the number of kills. */
export async function proveJob(scene: JobScene, second: TestApp, work: JobWork): Promise<number> {
  const { site } = scene;
  const payload = (await work.prepare(scene)) ?? {};
  const job = findJob(site, work.job);
  let kills = 0;
  for (const count of KILLS) {
    if (!(await killAfter(site, job, payload, count))) break;
    kills += 1;
    await recover(site, work);
  }
  // An open payment is given up by the first, and repeated by the second.
  await recover(site, work);
  await recover(site, work);
  second.clock.set(site.app.clock.now());
  await Promise.all([runOn(site.app, work.job, payload), runOn(second, work.job, payload)]);
  await work.check(scene);
  const before = await countRows(site);
  await Promise.all([runOn(second, work.job, payload), runOn(site.app, work.job, payload)]);
  assert.deepEqual(await countRows(site), before, 'a further run of two nodes wrote rows');
  await work.check(scene);
  return kills;
}
