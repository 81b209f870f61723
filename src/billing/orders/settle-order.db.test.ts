import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { verifyLedger } from '#ledger';
import { addPeriods } from '#kernel/period';
import { callProcessor } from '#payments';
import type { ProfileId } from '#platform/db/db-schema';
import { findSubscription } from '#subscriptions';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import {
  type Buyer,
  checkOutCart,
  makeBuyer,
  makeCheckoutInput,
  isProblemWithCode,
  findChargedAmounts,
  addPlanToCart,
} from '../../../test/support/factories/billing.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { findCartItems } from '../records/cart-item-store.ts';
import { checkOut } from '../checkout/check-out.ts';
import { finishOrders } from './finish-orders.ts';
import { reserveOrder } from '../checkout/reserve-order.ts';
import { settleOrder } from './settle-order.ts';

let database: TestDatabase;
let ctx: TestContext;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());
beforeEach(async () => {
  ctx = await testContext(database.db);
});

const advanceClock = (ms: number) => ctx.clock.set(new Date(ctx.clock.now().getTime() + ms));

const findOrderState = async ({ profile }: Buyer) =>
  (
    await database.db
      .selectFrom('orders')
      .select('state')
      .where('profile_id', '=', profile.id)
      .executeTakeFirstOrThrow()
  ).state;

/** Reserves an order without calling the processor, like a request that is interrupted after the first step. */
async function reserveOrderOnly(buyer: Buyer) {
  const { order, attempt } = await reserveOrder(
    buyer.ctx,
    buyer.profile.id,
    buyer.owner,
    makeCheckoutInput('tok_visa'),
  );
  assert(attempt);
  return { order, attempt };
}

test('a use with a slug of the maximum length is booked', async () => {
  const buyer = await makeBuyer(ctx);
  const slug = 'u'.repeat(50);
  const plan = await makePlan(ctx, { use_charges: [{ slug, use_amount: 300 }] });
  await addPlanToCart(buyer, plan, { use: slug });
  assert.equal((await checkOutCart(buyer))?.amount, 2300);
});

test('a payment that arrives after the order was given up settles the order', async () => {
  const buyer = await makeBuyer(ctx);
  const plan = await makePlan(ctx);
  await addPlanToCart(buyer, plan);
  const { order, attempt } = await reserveOrderOnly(buyer);
  advanceClock(180_000);
  await finishOrders(buyer.ctx);
  const outcome = await callProcessor(buyer.ctx, attempt);
  assert(outcome.outcome === 'succeeded');
  const charge = await settleOrder(buyer.ctx, order.id, attempt, outcome);
  assert.equal(charge?.amount, 2000);
  assert.ok(await findSubscription(database.db, buyer.profile.id, plan.id, ctx.clock.now()));
  assert.deepEqual(await findCartItems(database.db, buyer.owner), []);
});

test('the job settles a given-up order whose payment appears later', async () => {
  const buyer = await makeBuyer(ctx);
  await addPlanToCart(buyer, await makePlan(ctx));
  const { attempt } = await reserveOrderOnly(buyer);
  advanceClock(180_000);
  assert.equal(await finishOrders(buyer.ctx), 1);
  assert.equal(await findOrderState(buyer), 'given_up');
  assert.equal(await finishOrders(buyer.ctx), 0, 'the processor has no charge yet');

  await callProcessor(buyer.ctx, attempt);
  advanceClock(300_000);
  assert.equal(await finishOrders(buyer.ctx), 1);
  assert.equal(await findOrderState(buyer), 'settled');
  assert.equal(await finishOrders(buyer.ctx), 0);
  assert.deepEqual(await findChargedAmounts(buyer), [2000]);
});

test('a retry with the same key returns the outcome of the first attempt', async () => {
  const buyer = await makeBuyer(ctx);
  await addPlanToCart(buyer, await makePlan(ctx));
  const checkOutWithKey = (token: string, key: string) =>
    checkOut(buyer.ctx, buyer.profile.id, buyer.owner, makeCheckoutInput(token, { key }));
  await assert.rejects(
    checkOutWithKey('tok_chargeDeclined', 'the key of a declined card'),
    isProblemWithCode('card_declined'),
  );
  await assert.rejects(
    checkOutWithKey('tok_chargeDeclined', 'the key of a declined card'),
    isProblemWithCode('card_declined'),
  );
  await assert.rejects(
    checkOutWithKey('tok_timeout', 'the key of a lost response'),
    isProblemWithCode('payment_unknown'),
  );
  await assert.rejects(
    checkOutWithKey('tok_timeout', 'the key of a lost response'),
    isProblemWithCode('checkout_in_flight'),
  );
  advanceClock(90_000);
  await finishOrders(buyer.ctx);
  assert.equal((await checkOutWithKey('tok_timeout', 'the key of a lost response'))?.amount, 2000);
  assert.deepEqual(await findChargedAmounts(buyer), [2000]);
});

test('the job does not change a refused order', async () => {
  const buyer = await makeBuyer(ctx);
  await addPlanToCart(buyer, await makePlan(ctx));
  await assert.rejects(checkOutCart(buyer, 'tok_chargeDeclined'), isProblemWithCode('card_declined'));
  assert.equal(await findOrderState(buyer), 'refused');
  advanceClock(180_000);
  assert.equal(await finishOrders(buyer.ctx), 0);
  assert.equal(await findOrderState(buyer), 'refused');
});

test('a subscription lasts for the periods of the reservation, also if the plan changes before the settlement', async () => {
  const buyer = await makeBuyer(ctx);
  const plan = await makePlan(ctx);
  await addPlanToCart(buyer, plan);
  const at = ctx.clock.now();
  await assert.rejects(checkOutCart(buyer, 'tok_timeout'), isProblemWithCode('payment_unknown'));
  const change = { period_type: 'yearly', is_active: false } as const;
  await database.db.updateTable('plans').set(change).where('id', '=', plan.id).execute();
  advanceClock(90_000);
  assert.equal(await finishOrders(buyer.ctx), 1);
  const subscription = await findSubscription(database.db, buyer.profile.id, plan.id, ctx.clock.now());
  assert.deepEqual(subscription?.ends_at, addPeriods(at, 1, 'monthly'));
});

test('an order that is settled late extends the subscription that replaced the ended one', async () => {
  const buyer = await makeBuyer(ctx);
  const plan = await makePlan(ctx);
  await addPlanToCart(buyer, plan);
  await checkOutCart(buyer);
  advanceClock(60_000);
  await addPlanToCart(buyer, plan);
  await assert.rejects(checkOutCart(buyer, 'tok_timeout'), isProblemWithCode('payment_unknown'));

  advanceClock(10_000);
  const place = { profile_id: buyer.profile.id, plan_id: plan.id };
  const ended = { ends_at: ctx.clock.now(), auto_renew: false };
  await database.db.updateTable('subscriptions').set(ended).where('profile_id', '=', buyer.profile.id).execute();
  advanceClock(10_000);
  const granted_at = ctx.clock.now();
  const row = { ...place, created_at: granted_at, ends_at: addPeriods(granted_at, 1, 'monthly') };
  await database.db.insertInto('subscriptions').values(row).execute();

  advanceClock(90_000);
  assert.equal(await finishOrders(buyer.ctx), 1);
  const running = await findSubscription(database.db, buyer.profile.id, plan.id, ctx.clock.now());
  assert.deepEqual(running?.ends_at, addPeriods(granted_at, 2, 'monthly'));
});

test('concurrent gifts of one plan to one receiver are all booked, with the end of each in its description', async () => {
  const friend = await makeBuyer(ctx);
  const plan = await makePlan(ctx);
  const buyers = await Promise.all(Array.from({ length: 4 }, () => makeBuyer(ctx)));
  for (const buyer of buyers) await addPlanToCart(buyer, plan, { sync_on: friend.profile.slug });
  const charges = await Promise.all(buyers.map((buyer) => checkOutCart(buyer)));
  assert.deepEqual(
    charges.map((charge) => charge?.state),
    buyers.map(() => 'done'),
  );
  const running = await findSubscription(database.db, friend.profile.id, plan.id, ctx.clock.now());
  assert.deepEqual(running?.ends_at, addPeriods(ctx.clock.now(), 4, 'monthly'));
  const lines = await database.db
    .selectFrom('order_lines')
    .select(['description', 'covers_to'])
    .where('plan_id', '=', plan.id)
    .execute();
  const ends = lines.map(({ covers_to }) => covers_to?.toISOString().slice(0, 10).replaceAll('-', '/'));
  assert.equal(new Set(ends).size, 4);
  for (const [index, { description }] of lines.entries()) {
    const head = `Subscription to ${plan.slug} until ${ends[index]} (1 month)`;
    assert.ok(description.startsWith(`${head} - for `), description);
  }
});

test('a checkout enqueues no job; the scheduled job finishes 130 abandoned orders, except those that fail', async () => {
  const jobsWaiting = () =>
    database.db.selectFrom('outbox_events').select('name').where('name', 'like', 'job:%').execute();
  const plan = await makePlan(ctx);
  const buyer = await makeBuyer(ctx);
  await addPlanToCart(buyer, plan);
  await checkOutCart(buyer);
  assert.deepEqual(await jobsWaiting(), []);

  const abandoned: Awaited<ReturnType<typeof makeBuyer>>[] = [];
  for (let count = 0; count < 130; count += 1) {
    const each = await makeBuyer(ctx);
    abandoned.push(each);
    await addPlanToCart(each, plan);
    await assert.rejects(checkOutCart(each, 'tok_timeout'), isProblemWithCode('payment_unknown'));
  }
  assert.deepEqual(await jobsWaiting(), []);
  advanceClock(90_000);
  const failing = new Set(abandoned.filter((_, index) => index % 10 === 0).map(({ profile }) => profile.id));
  assert.equal(await finishOrders(unreachableFor(await attemptKeysOf([...failing]))), 117);
  assert.equal(await finishOrders(ctx), 13);
});

async function attemptKeysOf(profile_ids: ProfileId[]): Promise<Set<string>> {
  const attempts = database.db.selectFrom('charge_attempts').select('key').where('profile_id', 'in', profile_ids);
  return new Set((await attempts.execute()).map(({ key }) => key));
}

/** The context with a processor that never responds about the attempts with these keys. */
function unreachableFor(keys: ReadonlySet<string>): TestContext {
  const { chosen } = ctx.processors;
  const processor: typeof chosen = {
    ...chosen,
    async findByKey(attempt) {
      if (keys.has(attempt.key)) throw new Error('no connection');
      return chosen.findByKey(attempt);
    },
  };
  return { ...ctx, processors: { ...ctx.processors, chosen: processor, getByName: () => processor } };
}

test('the ledger is balanced after the tests above', async () => {
  assert.deepEqual((await verifyLedger(database.db)).violations, []);
});
