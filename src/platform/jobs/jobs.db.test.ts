import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { inTransaction, type Database } from '../db/database.ts';
import { DEAD_JOBS_QUEUE, makeJobRunner } from './job-runner.ts';
import { defineJob, enqueue, type AnyJob } from './jobs.ts';
import { makeRelay } from './relay.ts';
import { runDue } from './run-due.ts';

let database: TestDatabase;
let ctx: TestContext;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
});
after(() => database.close());

let done: string[] = [];
const note = (word: string) => done.push(`${word} at ${ctx.clock.now().toISOString().slice(5, 16)}`);

const greet = defineJob<{ name: string }>({
  name: 'greet',
  catch_up: 'last',
  run: (_ctx, { name }) => {
    note(`greet ${name}`);
    return Promise.resolve();
  },
});
const fail = defineJob<{ times: number }>({
  name: 'fail',
  catch_up: 'last',
  retries_max: 0,
  run: () => {
    note('fail');
    return Promise.reject(new Error('out of paper'));
  },
});
const daily = defineJob({
  name: 'daily',
  schedule: '0 2 * * *',
  catch_up: 'each',
  run: async (job, _payload, at) => {
    note(`daily ${at.toISOString().slice(5, 10)}`);
    await inTransaction(job.db, (tx) =>
      enqueue(tx, greet, { name: 'daily' }, { start_at: new Date(at.getTime() + 3_600_000) }),
    );
  },
});
const sweep = defineJob({
  name: 'sweep',
  schedule: '0 * * * *',
  catch_up: 'last',
  run: () => {
    note('sweep');
    return Promise.reject(new Error('no broom'));
  },
});

function open(on: Database, jobs: AnyJob[]) {
  const runner = makeJobRunner({
    database: on,
    jobs,
    makeContext: (name) => Promise.resolve({ ...ctx, db: on.db, actor: { kind: 'job', name } }),
    log: ctx.log,
    poll_s: 0.5,
  });
  const relay = makeRelay(() => Promise.resolve({ ...ctx, db: on.db }), [runner.subscriber]);
  return { runner, relay };
}

test('two nodes that start together on an empty database run each job once', async () => {
  const nodes = [open(database, [greet]), open(database, [greet])];
  await Promise.all(nodes.map(({ runner }) => runner.start({ workers: true, schedules: true })));
  done = [];
  for (let i = 0; i < 10; i += 1) await inTransaction(ctx.db, (tx) => enqueue(tx, greet, { name: `${i}` }));
  await Promise.all(nodes.map(({ relay }) => relay.drain()));
  const deadline = performance.now() + 20_000;
  while (done.length < 10 && performance.now() < deadline) await sleep(50);
  await Promise.all(nodes.map(({ runner }) => runner.stop()));
  assert.deepEqual(
    done.toSorted(),
    Array.from({ length: 10 }, (_, i) => `greet ${i} at 03-10T15:00`),
  );
});

test('a job enqueued in a transaction runs when it commits, and never when it does not', async () => {
  const { runner, relay } = open(database, [greet]);
  await runner.start({ workers: false, schedules: false });
  done = [];
  await assert.rejects(
    inTransaction(ctx.db, async (tx) => {
      await enqueue(tx, greet, { name: 'nobody' });
      throw new Error('undone');
    }),
  );
  await inTransaction(ctx.db, (tx) => enqueue(tx, greet, { name: 'xia' }));
  await relay.drain();
  assert.equal(await runner.runQueued(), 1);
  assert.deepEqual(done, ['greet xia at 03-10T15:00']);
  await runner.stop();
});

test('a job moved to the queue twice is there once', async () => {
  const { runner, relay } = open(database, [greet]);
  await runner.start({ workers: false, schedules: false });
  done = [];
  await inTransaction(ctx.db, (tx) => enqueue(tx, greet, { name: 'once' }));
  await relay.drain();
  await database.db
    .updateTable('outbox_events')
    .set({ delivered_at: null, next_attempt_at: ctx.clock.now() })
    .execute();
  await relay.drain();
  await runner.runQueued();
  assert.equal(done.length, 1);
  await runner.stop();
});

test('a job that failed for good is kept with what it was to do', async () => {
  const { runner, relay } = open(database, [fail]);
  await runner.start({ workers: false, schedules: false });
  done = [];
  await inTransaction(ctx.db, (tx) => enqueue(tx, fail, { times: 3 }));
  await relay.drain();
  await runner.runQueued();
  assert.equal(done.length, 1);
  const { rows } = await database.executeSql('select data, output from pgboss.job where name = $1', [DEAD_JOBS_QUEUE]);
  assert.deepEqual(
    rows.map(({ data }) => data),
    [{ times: 3 }],
  );
  await runner.stop();
});

test('a worker takes jobs in batches, and a failed job of a batch fails alone', async () => {
  let ran_count = 0;
  const mixed = defineJob<{ number: number }>({
    name: 'mixed',
    catch_up: 'last',
    retries_max: 0,
    run: (_ctx, { number }) => {
      ran_count += 1;
      return number === 30 ? Promise.reject(new Error('out of ink')) : Promise.resolve();
    },
  });
  const { runner, relay } = open(database, [mixed]);
  await inTransaction(ctx.db, async (tx) => {
    for (let number = 0; number < 60; number += 1) await enqueue(tx, mixed, { number });
  });
  await runner.start({ workers: true, schedules: false });
  await relay.drain();
  const deadline = performance.now() + 15_000;
  while (ran_count < 60 && performance.now() < deadline) await sleep(50);
  assert.equal(ran_count, 60);
  await runner.stop();
  const { rows } = await database.executeSql(
    "select state, count(*)::int as count from pgboss.job where name = 'mixed' group by state order by count",
  );
  assert.deepEqual(
    rows.map(({ state, count }) => [state, count]),
    [
      ['failed', 1],
      ['completed', 59],
    ],
  );
});

test('moving the clock runs what falls due on the way, in order, each at its instant', async () => {
  const { runner, relay } = open(database, [sweep, daily, greet]);
  await runner.start({ workers: false, schedules: false });
  done = [];
  await inTransaction(ctx.db, (tx) =>
    enqueue(tx, greet, { name: 'later' }, { start_at: new Date('2026-03-11T02:30:00Z') }),
  );
  const report = await runDue({ db: ctx.db, clock: ctx.clock, runner, relay }, new Date('2026-03-12T12:34:00Z'));
  assert.deepEqual(done, [
    'daily 03-11 at 03-11T02:00',
    'greet later at 03-11T02:30',
    'greet daily at 03-11T03:00',
    'daily 03-12 at 03-12T02:00',
    'greet daily at 03-12T03:00',
    'sweep at 03-12T12:00',
  ]);
  assert.equal(report.runs_count, 3);
  assert.deepEqual(report.failed, [{ job: 'sweep', at: new Date('2026-03-12T12:00:00Z'), error: 'Error: no broom' }]);
  assert.deepEqual(ctx.clock.now(), new Date('2026-03-12T12:34:00Z'));
  await runner.stop();
});

test('a schedule that is no longer defined is forgotten', async () => {
  const first = open(database, [daily, greet]);
  await first.runner.start({ workers: false, schedules: true });
  await first.runner.stop();
  const second = open(database, [greet]);
  await second.runner.start({ workers: false, schedules: true });
  assert.deepEqual((await database.executeSql('select name from pgboss.schedule')).rows, []);
  await second.runner.stop();
});
