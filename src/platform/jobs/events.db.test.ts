import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { inTransaction } from '../db/database.ts';
import { emit, type Delivery, type Subscriber } from './events.ts';
import { claimDueRows } from './lease-store.ts';
import { deleteDeliveredRows, findNextDue } from './outbox-store.ts';
import { makeWorker } from './worker.ts';

let database: TestDatabase;
let ctx: TestContext;
let received: Delivery[];
before(async () => {
  database = await openTestDatabase();
});
beforeEach(async () => {
  ctx = await testContext(database.db);
  received = [];
  await database.db.deleteFrom('outbox_events').execute();
});
after(() => database.close());

const listener = (handle: (delivery: Delivery) => void | Promise<void> = () => {}): Subscriber => ({
  name: 'listener',
  wants: (event) => event !== 'unwanted',
  prepare: async () => ({
    async handle(delivery) {
      received.push(delivery);
      await handle(delivery);
    },
  }),
});

const workerOf = (subscriber: Subscriber, poll_ms = 1_000) =>
  makeWorker({
    db: ctx.db,
    clock: ctx.clock,
    jobs: [],
    subscribers: [subscriber],
    makeContext: () => Promise.resolve(ctx),
    log: ctx.log,
    poll_ms,
  });

async function emitEvent(name: string, payload: object = {}): Promise<void> {
  await inTransaction(ctx.db, (tx) => emit(tx, { name, payload }, ctx.clock.now()));
}

const wait = (seconds: number) => ctx.clock.set(new Date(ctx.clock.now().getTime() + seconds * 1000));

test('a subscriber receives the events that it wants, in order and once', async () => {
  await emitEvent('order_executed', { order_id: 1 });
  await emitEvent('unwanted');
  await emitEvent('order_executed', { order_id: 2 });
  const worker = workerOf(listener());
  assert.equal(await worker.drain(), 3);
  assert.deepEqual(
    received.map(({ payload }) => payload),
    [{ order_id: 1 }, { order_id: 2 }],
  );
  assert.equal(await worker.drain(), 0);
  assert.deepEqual(await findNextDue(ctx.db), { event: null, job: null });
});

test('an event of a transaction that rolls back is not delivered', async () => {
  await assert.rejects(
    inTransaction(ctx.db, async (tx) => {
      await emit(tx, { name: 'order_executed', payload: {} }, ctx.clock.now());
      throw new Error('declined');
    }),
  );
  assert.equal(await workerOf(listener()).drain(), 0);
});

test('an event that a crashed process leased is delivered after the lease', async () => {
  await emitEvent('order_executed');
  const at = ctx.clock.now();
  const lease = { leased_until: new Date(at.getTime() + 120_000), count_max: 10 };
  const taken = await claimDueRows(ctx.db, { at, event: lease, job: lease, with_schedules: false });
  assert.equal(taken.length, 1);

  const worker = workerOf(listener());
  assert.equal(await worker.drain(), 0);
  wait(120);
  assert.equal(await worker.drain(), 1);
  assert.equal(received[0]?.id, taken[0]?.id);
});

test('a failed event is retried with back-off under the same id, while others are delivered', async () => {
  let failures = 2;
  const worker = workerOf(
    listener(({ name }) => {
      if (name === 'poison' && failures-- > 0) throw new Error('the process ended');
    }),
  );
  await emitEvent('poison');
  await emitEvent('order_executed');
  await worker.drain();
  assert.deepEqual(
    received.map(({ name }) => name),
    ['poison', 'order_executed'],
  );
  wait(4);
  assert.equal(await worker.drain(), 0);
  wait(1);
  assert.equal(await worker.drain(), 1);
  wait(9);
  assert.equal(await worker.drain(), 0);
  wait(1);
  assert.equal(await worker.drain(), 1);
  assert.equal(new Set(received.filter(({ name }) => name === 'poison').map(({ id }) => id)).size, 1);
  wait(86_400);
  assert.equal(await worker.drain(), 0);
});

test('an event that fails ten times is parked with its error and is not deleted', async () => {
  const worker = workerOf(
    listener(() => {
      throw new Error('no such template');
    }),
  );
  await emitEvent('poison');
  for (let tries = 1; tries <= 12; tries += 1) {
    await worker.drain();
    wait(3_600);
  }
  assert.equal(received.length, 10);
  await inTransaction(ctx.db, (tx) => deleteDeliveredRows(tx, ctx.clock.now(), 1000));
  const row = await ctx.db.selectFrom('outbox_events').selectAll().executeTakeFirstOrThrow();
  assert.equal(row.attempts_count, 10);
  assert.notEqual(row.parked_at, null);
  assert.match(row.last_error ?? '', /no such template/);
});

test('a delivery cut by a crash counts no failure', async () => {
  await emitEvent('poison');
  for (let crashes = 1; crashes <= 12; crashes += 1) {
    const at = ctx.clock.now();
    const lease = { leased_until: new Date(at.getTime() + 1_000), count_max: 10 };
    const rows = await claimDueRows(ctx.db, { at, event: lease, job: lease, with_schedules: false });
    assert.equal(rows.length, 1, `after ${crashes - 1} crashes`);
    wait(1);
  }
  let failures_left = 1;
  const worker = workerOf(
    listener(() => {
      if (failures_left-- > 0) throw new Error('the mail server refuses');
    }),
  );
  await worker.drain();
  const failed = await ctx.db.selectFrom('outbox_events').selectAll().executeTakeFirstOrThrow();
  assert.deepEqual([failed.attempts_count, failed.parked_at], [1, null]);
  wait(5);
  await worker.drain();
  const row = await ctx.db.selectFrom('outbox_events').selectAll().executeTakeFirstOrThrow();
  assert.notEqual(row.delivered_at, null);
});

test('two workers share the events and deliver none twice', async () => {
  for (let i = 0; i < 30; i += 1) await emitEvent('order_executed', { order_id: i });
  await Promise.all([workerOf(listener()).drain(), workerOf(listener()).drain()]);
  assert.deepEqual(
    received.map(({ payload }) => Number(payload['order_id'])).sort((a, b) => a - b),
    Array.from({ length: 30 }, (_, i) => i),
  );
});

test('a nudge delivers without waiting for the poll, and stopping waits for the delivery under way', async () => {
  const { promise: delivered, resolve } = Promise.withResolvers<void>();
  const worker = workerOf(
    listener(() => resolve()),
    60_000,
  );
  await worker.start();
  await worker.drain();
  await emitEvent('order_executed');
  worker.nudge();
  await delivered;
  await worker.stop();
  const row = await ctx.db.selectFrom('outbox_events').selectAll().executeTakeFirstOrThrow();
  assert.notEqual(row.delivered_at, null);
});

test('the key of a link and the digits of a code are removed after delivery', async () => {
  await emitEvent('user_verification', { user_id: 1, key: 'f'.repeat(40), code: '123456' });
  await workerOf(listener()).drain();
  const row = await ctx.db.selectFrom('outbox_events').select('payload').executeTakeFirstOrThrow();
  assert.equal(received[0]?.payload['code'], '123456');
  assert.deepEqual(row.payload, { user_id: 1 });
});

test('delivered events are deleted after their retention', async () => {
  await emitEvent('order_executed');
  await workerOf(listener()).drain();
  wait(60);
  await inTransaction(ctx.db, (tx) => deleteDeliveredRows(tx, ctx.clock.now(), 1000));
  assert.deepEqual(await ctx.db.selectFrom('outbox_events').selectAll().execute(), []);
});
