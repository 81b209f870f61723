import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { inTransaction } from '../db/database.ts';
import { type AnyJob, defineJob, enqueue } from './jobs.ts';
import { claimDueRows, renewLease } from './lease-store.ts';
import { makeWorker } from './worker.ts';

let database: TestDatabase;
let ctx: TestContext;
let done: string[];
before(async () => {
  database = await openTestDatabase();
});
beforeEach(async () => {
  ctx = await testContext(database.db);
  done = [];
  await database.db.deleteFrom('outbox_events').execute();
});
after(() => database.close());

const note = (word: string) => done.push(`${word} at ${ctx.clock.now().toISOString().slice(5, 16)}`);

const greet = defineJob<{ name: string }>({
  name: 'greet',
  catch_up: 'last',
  run: async (_ctx, { name }) => void note(`greet ${name}`),
});
const fail = defineJob<{ times: number }>({
  name: 'fail',
  catch_up: 'last',
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
let sweep_fails = true;
const sweep = defineJob({
  name: 'sweep',
  schedule: '0 * * * *',
  catch_up: 'last',
  run: () => {
    note('sweep');
    return sweep_fails ? Promise.reject(new Error('no broom')) : Promise.resolve();
  },
});

const workerOf = (...jobs: AnyJob[]) => makeTestWorker(jobs);
const makeTestWorker = (jobs: AnyJob[], options: { job_lease_ms?: number } = {}) =>
  makeWorker({
    ...options,
    db: ctx.db,
    clock: ctx.clock,
    jobs,
    subscribers: [],
    makeContext: (name) => Promise.resolve({ ...ctx, actor: { kind: 'job', name } }),
    log: ctx.log,
    poll_ms: 50,
  });

const move = (seconds: number) => ctx.clock.set(new Date(ctx.clock.now().getTime() + seconds * 1000));
const rows = () => ctx.db.selectFrom('outbox_events').selectAll().orderBy('id').execute();

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, 'the condition holds within 20 s');
    await sleep(20);
  }
}

test('two nodes that start together run each enqueued job and each occurrence once', async () => {
  sweep_fails = false;
  const nodes = [workerOf(greet, sweep), workerOf(greet, sweep)];
  await Promise.all(nodes.map((worker) => worker.start()));
  for (let i = 0; i < 10; i += 1) await inTransaction(ctx.db, (tx) => enqueue(tx, greet, { name: `${i}` }));
  await until(() => done.length === 10);
  // The clock moves past every lease: a row whose outcome is not saved yet would run again.
  await until(async () => (await rows()).every(({ name, delivered_at }) => name !== 'greet' || delivered_at !== null));
  assert.deepEqual(
    done.toSorted(),
    Array.from({ length: 10 }, (_, i) => `greet ${i} at 03-10T15:00`),
  );
  move(3_600);
  await until(() => done.length > 10);
  await Promise.all(nodes.map((worker) => worker.stop()));
  assert.deepEqual(done.slice(10), ['sweep at 03-10T16:00']);
});

test('a job enqueued in a transaction runs if the transaction commits', async () => {
  const worker = workerOf(greet);
  await assert.rejects(
    inTransaction(ctx.db, async (tx) => {
      await enqueue(tx, greet, { name: 'rolled back' });
      throw new Error('undone');
    }),
  );
  await inTransaction(ctx.db, (tx) => enqueue(tx, greet, { name: 'xia' }));
  assert.equal(await worker.drain(), 1);
  assert.deepEqual(done, ['greet xia at 03-10T15:00']);
});

test('a job that fails ten times is parked with its payload and error', async () => {
  const worker = workerOf(fail);
  await inTransaction(ctx.db, (tx) => enqueue(tx, fail, { times: 3 }));
  for (let tries = 1; tries <= 12; tries += 1) {
    await worker.drain();
    move(3_600);
  }
  assert.equal(done.length, 10);
  const [row] = await rows();
  assert.deepEqual([row?.payload, row?.attempts_count, row?.last_error], [{ times: 3 }, 10, 'Error: out of paper']);
  assert.notEqual(row?.parked_at, null);
});

test('a job that fails is retried alone', async () => {
  const mixed = defineJob<{ number: number }>({
    name: 'mixed',
    catch_up: 'last',
    run: async (_ctx, { number }) => {
      if (number === 30) throw new Error('out of ink');
    },
  });
  const worker = workerOf(mixed);
  await inTransaction(ctx.db, async (tx) => {
    for (let number = 0; number < 60; number += 1) await enqueue(tx, mixed, { number });
  });
  assert.equal(await worker.drain(), 60);
  const failed = (await rows()).filter(({ delivered_at }) => delivered_at === null);
  assert.deepEqual(
    failed.map(({ payload, attempts_count }) => [payload, attempts_count]),
    [[{ number: 30 }, 1]],
  );
});

test('a slow job delays neither other jobs nor the poll', async () => {
  const { promise: finished, resolve } = Promise.withResolvers<void>();
  const slow = defineJob({ name: 'slow', catch_up: 'last', run: () => finished });
  const worker = workerOf(slow, greet);
  await worker.start();
  await inTransaction(ctx.db, (tx) => enqueue(tx, slow, {}));
  await sleep(200);
  await inTransaction(ctx.db, (tx) => enqueue(tx, greet, { name: 'xia' }));
  await until(() => done.length === 1);
  resolve();
  await worker.stop();
  assert.ok((await rows()).every(({ delivered_at }) => delivered_at !== null));
});

test('a job that ends with its process runs again after the lease and counts no failure', async () => {
  const worker = workerOf(greet);
  await inTransaction(ctx.db, (tx) => enqueue(tx, greet, { name: 'xia' }));
  for (let crashes = 1; crashes <= 5; crashes += 1) {
    const at = ctx.clock.now();
    const lease = { leased_until: new Date(at.getTime() + 360_000), count_max: 10 };
    const claim = { at, event: lease, job: lease, with_schedules: false };
    assert.equal((await claimDueRows(ctx.db, claim)).length, 1);
    assert.equal(await worker.drain(), 0);
    move(360);
  }
  assert.equal(await worker.drain(), 1);
  assert.deepEqual(
    (await rows()).map(({ attempts_count }) => attempts_count),
    [0],
  );
});

test('a job runs on after a restart with a clock that is behind; one that counts each occurrence waits', async () => {
  const start = async () => {
    const worker = makeTestWorker([sweep, daily]);
    await worker.start();
    await worker.stop();
  };
  const hours = (count: number) => new Date(ctx.clock.now().getTime() + count * 3_600_000);
  const moveTo = (occurs_at: Date) =>
    ctx.db.updateTable('outbox_events').set({ occurs_at, next_attempt_at: occurs_at }).execute();
  await start();
  const [first] = await rows();
  const next = first?.occurs_at;
  assert(next);
  // As a clock leaves it that is ahead by ten days.
  await moveTo(hours(240));
  await start();
  assert.deepEqual(
    (await rows()).map(({ occurs_at }) => occurs_at),
    [next, hours(240)],
  );
  // A clock that is behind by less than one occurrence.
  const second = new Date(next.getTime() + 3_600_000);
  await moveTo(second);
  await start();
  assert.deepEqual((await rows())[0]?.occurs_at, second);
});

test('the lease of a running job ends within a minute, so that a crash delays the job by a minute at most', async () => {
  const { promise: finished, resolve } = Promise.withResolvers<void>();
  const slow = defineJob({ name: 'slow', schedule: '* * * * *', catch_up: 'last', run: () => finished });
  const worker = workerOf(slow);
  await worker.start();
  move(60);
  const lease = async () => ((await rows())[0]?.next_attempt_at.getTime() ?? 0) - ctx.clock.now().getTime();
  await until(async () => (await lease()) > 0);
  assert.equal(await lease(), 60_000);
  resolve();
  await worker.stop();
});

test('the lease is renewed while the job runs, and no other node starts the job meanwhile', async () => {
  const { promise: finished, resolve } = Promise.withResolvers<void>();
  const run = () => {
    note('slow');
    return finished;
  };
  const slow = defineJob({ name: 'slow', schedule: '0 * * * *', catch_up: 'last', run });
  const nodes = [makeTestWorker([slow], { job_lease_ms: 300 }), makeTestWorker([slow], { job_lease_ms: 300 })];
  await Promise.all(nodes.map((worker) => worker.start()));
  move(3_600);
  await until(() => done.length === 1);
  for (let moves = 1; moves <= 8; moves += 1) {
    move(0.2);
    const renewed = ctx.clock.now().getTime() + 300;
    await until(async () => (await rows())[0]?.next_attempt_at.getTime() === renewed);
  }
  resolve();
  await Promise.all(nodes.map((worker) => worker.stop()));
  assert.equal(done.length, 1);
  assert.deepEqual((await rows())[0]?.next_attempt_at, new Date('2026-03-10T17:00:00Z'));
});

test('a lease that another node took over is not renewed', async () => {
  await inTransaction(ctx.db, (tx) => enqueue(tx, greet, { name: 'xia' }));
  const at = ctx.clock.now();
  const in_ms = (ms: number) => new Date(at.getTime() + ms);
  const claimUntil = (claimed_at: Date, leased_until: Date) => {
    const lease = { leased_until, count_max: 1 };
    return claimDueRows(ctx.db, { at: claimed_at, event: lease, job: lease, with_schedules: false });
  };
  const [row] = await claimUntil(at, in_ms(100));
  assert(row);
  assert.equal(await renewLease(ctx.db, row.id, { from: in_ms(100), to: in_ms(200) }), true);
  assert.equal((await claimUntil(in_ms(200), in_ms(900))).length, 1);
  assert.equal(await renewLease(ctx.db, row.id, { from: in_ms(200), to: in_ms(300) }), false);
  assert.deepEqual((await rows())[0]?.next_attempt_at, in_ms(900));
});

test('a job that exceeds its limit has failed', async () => {
  const hang = defineJob({ name: 'hang', catch_up: 'last', timeout_s: 1, run: () => new Promise<void>(() => {}) });
  await inTransaction(ctx.db, (tx) => enqueue(tx, hang, {}));
  await workerOf(hang).drain();
  const [row] = await rows();
  assert.match(row?.last_error ?? '', /took more than 1 s/);
});

test('moving the clock runs all work that falls due on the way, in order, each at its instant', async () => {
  sweep_fails = true;
  const worker = workerOf(sweep, daily, greet);
  await inTransaction(ctx.db, (tx) =>
    enqueue(tx, greet, { name: 'later' }, { start_at: new Date('2026-03-11T02:30:00Z') }),
  );
  const report = await worker.runDue(ctx.clock, new Date('2026-03-12T12:34:00Z'));
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
});

test('a job of every hour that is moved daily runs at its last occurrence of each day, and up to the end', async () => {
  sweep_fails = false;
  await workerOf({ ...sweep, moved: 'daily' }).runDue(ctx.clock, new Date('2026-03-12T12:34:00Z'));
  assert.deepEqual(done, ['sweep at 03-10T23:00', 'sweep at 03-11T23:00', 'sweep at 03-12T12:00']);
});

test('a clock that is moved by three days at once runs the same work as day by day', async () => {
  sweep_fails = false;
  const { clock } = ctx;
  const runs = async (days: readonly number[]) => {
    done = [];
    await ctx.db.deleteFrom('outbox_events').execute();
    const worker = workerOf({ ...sweep, moved: 'daily' }, daily, greet);
    const start = new Date(Math.ceil(clock.now().getTime() / 86_400_000) * 86_400_000);
    const end = (day: number) => new Date(start.getTime() + day * 86_400_000 - 1);
    clock.set(start);
    for (const day of days) await worker.runDue(clock, end(day));
    return done.map((line) => line.replace(/[0-9]{2}-([0-9]{2})/g, (_, day) => `${Number(day) - start.getUTCDate()}`));
  };
  const at_once = await runs([3]);
  assert.equal(at_once.length, 9);
  assert.deepEqual(await runs([1, 2, 3]), at_once);
});

test('a cancelled move stands at the instant whose work is done, and the next one continues there', async () => {
  sweep_fails = false;
  const worker = workerOf(daily, greet);
  const stop = new AbortController();
  const to = new Date('2026-03-13T00:00:00Z');
  const report = await worker.runDue(ctx.clock, to, {
    signal: stop.signal,
    onStep: (at) => at.getTime() === Date.parse('2026-03-11T02:00:00Z') && stop.abort(),
  });
  assert.deepEqual([report.is_cancelled, report.runs_count], [true, 1]);
  assert.deepEqual(ctx.clock.now(), new Date('2026-03-11T02:00:00Z'));
  assert.equal((await worker.runDue(ctx.clock, to)).is_cancelled, false);
  assert.deepEqual(done, [
    'daily 03-11 at 03-11T02:00',
    'greet daily at 03-11T03:00',
    'daily 03-12 at 03-12T02:00',
    'greet daily at 03-12T03:00',
  ]);
});

test('jobs that are due at one instant run in the order of their definition', async () => {
  const jobs = ['b', 'a', 'c'].map((name) =>
    defineJob({ name, schedule: '0 3 * * *', catch_up: 'last', run: async () => void note(name) }),
  );
  await workerOf(...jobs).runDue(ctx.clock, new Date('2026-03-11T03:00:00Z'));
  assert.deepEqual(done, ['b at 03-11T03:00', 'a at 03-11T03:00', 'c at 03-11T03:00']);
});

test('after a stop of the worker a job that catches up each runs every missed occurrence, another only the last', async () => {
  sweep_fails = false;
  const first = workerOf(daily, sweep, greet);
  await first.start();
  await first.stop();
  ctx.clock.set(new Date('2026-03-13T02:30:00Z'));
  const second = workerOf(daily, sweep, greet);
  await second.start();
  await until(() => done.filter((line) => line.startsWith('daily')).length === 3);
  await second.stop();
  assert.deepEqual(done.filter((line) => !line.startsWith('greet')).toSorted(), [
    'daily 03-11 at 03-13T02:30',
    'daily 03-12 at 03-13T02:30',
    'daily 03-13 at 03-13T02:30',
    'sweep at 03-13T02:30',
  ]);
});

test('a failed occurrence is retried until the next one replaces it', async () => {
  sweep_fails = true;
  const worker = workerOf(sweep);
  await worker.start();
  move(3_600);
  await until(() => done.length === 1);
  const retried = async () => (await rows())[0];
  await until(async () => (await retried())?.attempts_count === 1);
  assert.deepEqual((await retried())?.next_attempt_at, new Date('2026-03-10T16:00:05Z'));
  sweep_fails = false;
  move(5);
  await until(async () => (await retried())?.attempts_count === 0);
  await worker.stop();
  const row = await retried();
  assert.deepEqual([row?.occurs_at, row?.last_error], [new Date('2026-03-10T17:00:00Z'), null]);
});

test('the row of a schedule follows its definition and is deleted with it', async () => {
  const first = workerOf(daily, sweep);
  await first.start();
  await first.stop();
  const schedules = async () => (await rows()).map(({ name, schedule }) => [name, schedule]);
  assert.deepEqual(await schedules(), [
    ['job:daily', '0 2 * * *'],
    ['job:sweep', '0 * * * *'],
  ]);
  const second = workerOf({ ...daily, schedule: '0 4 * * *' });
  await second.start();
  await second.stop();
  assert.deepEqual(await schedules(), [['job:daily', '0 4 * * *']]);
  assert.deepEqual((await rows())[0]?.occurs_at, new Date('2026-03-11T04:00:00Z'));
});
