import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { countStatements } from '../../../bench/statement-count.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { inTransaction } from '../db/database.ts';
import { type Delivery, emit, type Subscriber } from './events.ts';
import { defineJob, enqueue } from './jobs.ts';
import { makeWorker } from './worker.ts';

let database: TestDatabase;
let ctx: TestContext;
/** Numbers of the events and jobs, in the order in which they were handled. */
let handled: number[];
before(async () => {
  database = await openTestDatabase();
});
beforeEach(async () => {
  ctx = await testContext(database.db);
  handled = [];
  await database.db.deleteFrom('outbox_events').execute();
});
after(() => database.close());

const small = defineJob<{ number: number }>({
  name: 'small',
  catch_up: 'last',
  run: async (_ctx, { number }) => void handled.push(number),
});

const numberOf = ({ payload }: Pick<Delivery, 'payload'>) => Number(payload['number']);

const listener = (
  given: Partial<Record<'prepare' | 'handle', (number: number) => Promise<void>>> = {},
): Subscriber => ({
  name: 'listener',
  wants: () => true,
  async prepare(_ctx, deliveries) {
    for (const delivery of deliveries) await given.prepare?.(numberOf(delivery));
    return {
      async handle(delivery) {
        await given.handle?.(numberOf(delivery));
        handled.push(numberOf(delivery));
      },
    };
  },
});

const workerOf = (subscriber: Subscriber, options: { poll_ms?: number } = {}) =>
  makeWorker({
    ...options,
    db: ctx.db,
    clock: ctx.clock,
    jobs: [small],
    subscribers: [subscriber],
    makeContext: () => Promise.resolve(ctx),
    log: ctx.log,
  });

async function emitEvents(count: number): Promise<void> {
  await inTransaction(ctx.db, async (tx) => {
    for (let number = 0; number < count; number += 1)
      await emit(tx, { name: 'order_executed', payload: { number } }, ctx.clock.now());
  });
}

const numbersTo = (count: number) => Array.from({ length: count }, (_, number) => number);
const inOrder = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b);
const rows = () => ctx.db.selectFrom('outbox_events').selectAll().orderBy('id').execute();

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, 'the condition holds within 20 s');
    await sleep(20);
  }
}

test('a hundred events and a hundred jobs are claimed with one statement and recorded with two', async () => {
  await emitEvents(100);
  await inTransaction(ctx.db, async (tx) => {
    for (let number = 100; number < 200; number += 1) await enqueue(tx, small, { number });
  });
  const worker = workerOf(listener());
  const { statements } = await countStatements(async () => assert.equal(await worker.drain(), 200));
  assert.deepEqual(inOrder(handled), numbersTo(200));
  assert.ok((await rows()).every(({ delivered_at }) => delivered_at !== null));
  // The second claim finds nothing.
  assert.equal(statements.filter((text) => text.includes('skip locked')).length, 2);
  assert.ok(statements.length <= 4, statements.join('\n'));
});

test('a worker without work sends no statement until its poll', async () => {
  const worker = workerOf(listener(), { poll_ms: 60_000 });
  await worker.start();
  await worker.drain();
  const { statements } = await countStatements(() => sleep(300));
  await worker.stop();
  assert.deepEqual(statements, []);
});

for (const step of ['prepare', 'handle'] as const) {
  test(`an event that fails in ${step} is retried alone, and the others of its batch are delivered`, async () => {
    let fails = true;
    const poison = async (number: number) => {
      if (number === 37 && fails) throw new Error('no such plan');
    };
    await emitEvents(100);
    const worker = workerOf(listener({ [step]: poison }));
    await worker.drain();
    const failed = (await rows()).filter(({ delivered_at }) => delivered_at === null);
    assert.deepEqual(
      failed.map((row) => [row.payload, row.attempts_count, row.last_error, row.next_attempt_at]),
      [[{ number: 37 }, 1, 'Error: no such plan', new Date(ctx.clock.now().getTime() + 5_000)]],
    );
    assert.deepEqual(
      inOrder(handled),
      numbersTo(100).filter((number) => number !== 37),
    );
    fails = false;
    ctx.clock.set(new Date(ctx.clock.now().getTime() + 5_000));
    assert.equal(await worker.drain(), 1);
    assert.deepEqual(inOrder(handled), numbersTo(100));
  });
}

test('a process that ends within a batch repeats only the events whose outcome was not recorded', async (t) => {
  await emitEvents(100);
  const { promise: never, resolve } = Promise.withResolvers<void>();
  // Eight events are under way at the same time: the last numbers are never started.
  const ending = workerOf(listener({ handle: (number) => (number < 50 ? Promise.resolve() : never) }));
  const ended = ending.drain();
  t.after(async () => {
    resolve();
    await ended;
  });
  await until(async () => (await rows()).filter(({ delivered_at }) => delivered_at !== null).length === 50);
  assert.deepEqual(inOrder(handled), numbersTo(50));

  const worker = workerOf(listener());
  assert.equal(await worker.drain(), 0, 'the lease of the batch has not expired');
  ctx.clock.set(new Date(ctx.clock.now().getTime() + 120_000));
  assert.equal(await worker.drain(), 50);
  assert.deepEqual(inOrder(handled), numbersTo(100));
  assert.ok((await rows()).every(({ attempts_count }) => attempts_count === 0));
});

test('two nodes share a backlog and deliver no event twice', async () => {
  await emitEvents(450);
  const nodes = [workerOf(listener()), workerOf(listener())];
  await Promise.all(nodes.map((worker) => worker.start()));
  await until(async () => (await rows()).every((row) => row.delivered_at !== null));
  await Promise.all(nodes.map((worker) => worker.stop()));
  assert.deepEqual(inOrder(handled), numbersTo(450));
});

test('a stop releases the events of a batch that are not started', async () => {
  await emitEvents(100);
  const { promise: finished, resolve } = Promise.withResolvers<void>();
  const worker = workerOf(listener({ handle: () => finished }), { poll_ms: 60_000 });
  await worker.start();
  await until(async () => (await rows()).every((row) => row.next_attempt_at > ctx.clock.now()));
  const stopped = worker.stop();
  resolve();
  await stopped;
  const waiting = (await rows()).filter(({ delivered_at }) => delivered_at === null);
  assert.equal(waiting.length + handled.length, 100);
  assert.ok(waiting.length >= 80, `${waiting.length} events wait`);
  assert.ok(waiting.every((row) => row.next_attempt_at <= ctx.clock.now() && row.attempts_count === 0));
});

test('an error whose text the database refuses is recorded without the refused characters', async () => {
  await emitEvents(1);
  const refused = `out \0 of ${'x'.repeat(1_985)}\u{1F5A8}`;
  const worker = workerOf(
    listener({
      handle: async () => {
        throw new Error(refused);
      },
    }),
  );
  await worker.drain();
  const [row] = await rows();
  assert.equal(row?.attempts_count, 1);
  assert.match(row.last_error ?? '', /^Error: out {2}of x+.?$/u);
});
