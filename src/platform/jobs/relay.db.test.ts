import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { inTransaction } from '../db/database.ts';
import { emit, type Delivery, type Subscriber } from './events.ts';
import { claimDueRows, deleteDeliveredRows, findNextDue } from './outbox-store.ts';
import { makeRelay } from './relay.ts';

let database: TestDatabase;
let ctx: TestContext;
let heard: Delivery[];
before(async () => {
  database = await openTestDatabase();
});
beforeEach(async () => {
  ctx = await testContext(database.db);
  heard = [];
  await database.db.deleteFrom('outbox_events').execute();
});
after(() => database.close());

const listener = (handle: (delivery: Delivery) => void | Promise<void> = () => {}): Subscriber => ({
  name: 'listener',
  wants: (event) => event !== 'unheard',
  async handle(_ctx, delivery) {
    heard.push(delivery);
    await handle(delivery);
  },
});

const relayOf = (...subscribers: Subscriber[]) => makeRelay(() => Promise.resolve(ctx), subscribers);

async function tell(name: string, payload: object = {}): Promise<void> {
  await inTransaction(ctx.db, (tx) => emit(tx, { name, payload }, ctx.clock.now()));
}

const wait = (seconds: number) => ctx.clock.set(new Date(ctx.clock.now().getTime() + seconds * 1000));

test('events are told in order, once, to those who want them', async () => {
  await tell('order_executed', { order_id: 1 });
  await tell('unheard');
  await tell('order_executed', { order_id: 2 });
  const relay = relayOf(listener());
  assert.equal(await relay.drain(), 3);
  assert.deepEqual(
    heard.map(({ payload }) => payload),
    [{ order_id: 1 }, { order_id: 2 }],
  );
  assert.equal(await relay.drain(), 0);
  assert.equal(await findNextDue(ctx.db), null);
});

test('an event of a transaction that failed was never told', async () => {
  await assert.rejects(
    inTransaction(ctx.db, async (tx) => {
      await emit(tx, { name: 'order_executed', payload: {} }, ctx.clock.now());
      throw new Error('declined');
    }),
  );
  assert.equal(await relayOf(listener()).drain(), 0);
});

test('what a process took and never finished comes again after its lease', async () => {
  await tell('order_executed');
  const at = ctx.clock.now();
  const taken = await claimDueRows(ctx.db, { at, leased_until: new Date(at.getTime() + 120_000), count: 10 });
  assert.equal(taken.length, 1);

  const relay = relayOf(listener());
  assert.equal(await relay.drain(), 0);
  wait(120);
  assert.equal(await relay.drain(), 1);
  assert.equal(heard[0]?.id, taken[0]?.id);
});

test('an event that fails after the work was done comes again under the same id, ever later, while others go on', async () => {
  let failures = 2;
  const relay = relayOf(
    listener(({ name }) => {
      if (name === 'poison' && failures-- > 0) throw new Error('the process died');
    }),
  );
  await tell('poison');
  await tell('order_executed');
  await relay.drain();
  assert.deepEqual(
    heard.map(({ name }) => name),
    ['poison', 'order_executed'],
  );
  wait(4);
  assert.equal(await relay.drain(), 0);
  wait(1);
  assert.equal(await relay.drain(), 1);
  wait(9);
  assert.equal(await relay.drain(), 0);
  wait(1);
  assert.equal(await relay.drain(), 1);
  assert.equal(new Set(heard.filter(({ name }) => name === 'poison').map(({ id }) => id)).size, 1);
  wait(86_400);
  assert.equal(await relay.drain(), 0);
});

test('an event that fails ten times is parked with its error and kept', async () => {
  const relay = relayOf(
    listener(() => {
      throw new Error('no such template');
    }),
  );
  await tell('poison');
  for (let tries = 1; tries <= 12; tries += 1) {
    await relay.drain();
    wait(3_600);
  }
  assert.equal(heard.length, 10);
  await inTransaction(ctx.db, (tx) => deleteDeliveredRows(tx, ctx.clock.now(), 1000));
  const row = await ctx.db.selectFrom('outbox_events').selectAll().executeTakeFirstOrThrow();
  assert.equal(row.attempts_count, 10);
  assert.notEqual(row.parked_at, null);
  assert.match(row.last_error ?? '', /no such template/);
});

test('only failures count: a delivery cut by a crash leaves an event all of its attempts', async () => {
  await tell('poison');
  for (let crashes = 1; crashes <= 12; crashes += 1) {
    const at = ctx.clock.now();
    const rows = await claimDueRows(ctx.db, { at, leased_until: new Date(at.getTime() + 1_000), count: 10 });
    assert.equal(rows.length, 1, `after ${crashes - 1} crashes`);
    wait(1);
  }
  let failures_left = 1;
  const relay = relayOf(
    listener(() => {
      if (failures_left-- > 0) throw new Error('the mail server refuses');
    }),
  );
  await relay.drain();
  const failed = await ctx.db.selectFrom('outbox_events').selectAll().executeTakeFirstOrThrow();
  assert.deepEqual([failed.attempts_count, failed.parked_at], [1, null]);
  wait(5);
  await relay.drain();
  const delivered = await ctx.db.selectFrom('outbox_events').selectAll().executeTakeFirstOrThrow();
  assert.notEqual(delivered.delivered_at, null);
});

test('two relays share the work: nothing is told twice', async () => {
  for (let i = 0; i < 30; i += 1) await tell('order_executed', { order_id: i });
  await Promise.all([relayOf(listener()).drain(), relayOf(listener()).drain()]);
  assert.deepEqual(
    heard.map(({ payload }) => Number(payload['order_id'])).sort((a, b) => a - b),
    Array.from({ length: 30 }, (_, i) => i),
  );
});

test('a nudge delivers at once, and stopping waits for the delivery under way', async () => {
  const { promise: told, resolve } = Promise.withResolvers<void>();
  const relay = makeRelay(() => Promise.resolve(ctx), [listener(() => resolve())], 60_000);
  relay.start();
  await relay.drain();
  await tell('order_executed');
  relay.nudge();
  await told;
  await relay.stop();
  const row = await ctx.db.selectFrom('outbox_events').selectAll().executeTakeFirstOrThrow();
  assert.notEqual(row.delivered_at, null);
});

test('the key of a link and the digits of a code are gone once the mail has left', async () => {
  await tell('user_verification', { user_id: 1, key: 'f'.repeat(40), code: '123456' });
  await relayOf(listener()).drain();
  const row = await ctx.db.selectFrom('outbox_events').select('payload').executeTakeFirstOrThrow();
  assert.equal(heard[0]?.payload['code'], '123456');
  assert.deepEqual(row.payload, { user_id: 1 });
});

test('delivered events are forgotten in the end', async () => {
  await tell('order_executed');
  await relayOf(listener()).drain();
  wait(60);
  await inTransaction(ctx.db, (tx) => deleteDeliveredRows(tx, ctx.clock.now(), 1000));
  assert.deepEqual(await ctx.db.selectFrom('outbox_events').selectAll().execute(), []);
});
