import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PgBoss } from 'pg-boss';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { releaseCutJobs } from './cut-jobs.ts';
import { inTransaction } from '../db/database.ts';
import { DEAD_JOBS_QUEUE, makeJobRunner } from './job-runner.ts';
import { defineJob, enqueue } from './jobs.ts';
import { makeRelay } from './relay.ts';

let database: TestDatabase;
let ctx: TestContext;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
});
after(() => database.close());

let runs_count = 0;
const greet = defineJob({
  name: 'greet',
  catch_up: 'last',
  retries_max: 1,
  run: () => {
    runs_count += 1;
    return Promise.resolve();
  },
});
const hang = defineJob({
  name: 'hang',
  catch_up: 'last',
  retries_max: 0,
  timeout_s: 1,
  run: () => new Promise<void>(() => {}),
});

function open() {
  const runner = makeJobRunner({
    database,
    jobs: [greet, hang],
    makeContext: (name) => Promise.resolve({ ...ctx, actor: { kind: 'job', name } }),
    log: ctx.log,
  });
  return { runner, relay: makeRelay(() => Promise.resolve(ctx), [runner.subscriber]) };
}

/** Claims the next job as a worker does, and ends without a result. */
async function claimAndCrash(): Promise<void> {
  const boss = new PgBoss({
    db: { executeSql: (text, values) => database.executeSql(text, values) },
    backend: database.kind === 'pglite' ? 'pglite' : 'postgres',
    schema: 'pgboss',
    schedule: false,
    supervise: false,
  });
  await boss.start();
  const claimed = await boss.fetch(greet.name);
  assert.equal(claimed.length, 1, 'the job waits in the queue');
  await boss.stop({ graceful: false });
}

test('a job that ends with its process is run again without counting an attempt', async () => {
  const { runner, relay } = open();
  await runner.start({ workers: false, schedules: false });
  await inTransaction(ctx.db, (tx) => enqueue(tx, greet, {}));
  await relay.drain();
  for (let crashes = 1; crashes <= 5; crashes += 1) {
    await claimAndCrash();
    assert.equal(await releaseCutJobs(database, [greet.name], { at_start: false }), 0, 'a fresh claim may be alive');
    await database.executeSql("update pgboss.job set started_on = now() - interval '9 min' where state = 'active'");
    assert.equal(await releaseCutJobs(database, [greet.name], { at_start: false }), 1);
  }
  const { rows } = await database.executeSql('select retry_count from pgboss.job where name = $1', [greet.name]);
  assert.deepEqual(rows, [{ retry_count: 0 }]);
  assert.equal(await runner.runQueued(), 1);
  assert.equal(runs_count, 1);
  await runner.stop();
});

test('a job that exceeds its time is a failure', async () => {
  const { runner, relay } = open();
  await runner.start({ workers: false, schedules: false });
  await inTransaction(ctx.db, (tx) => enqueue(tx, hang, {}));
  await relay.drain();
  await runner.runQueued();
  const { rows } = await database.executeSql('select source_output as output from pgboss.job where name = $1', [
    DEAD_JOBS_QUEUE,
  ]);
  assert.match(JSON.stringify(rows), /took more than 1 s/);
  await runner.stop();
});
