import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { updatePlan } from '#catalog';
import { verifyLedger } from '#ledger';
import { addPeriods } from '#kernel/period';
import { callProcessor } from '#payments';
import { inTransaction } from '#platform/db/database';
import { endSubscriptions, findSubscription } from '#subscriptions';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import {
  type Buyer,
  buys,
  makeBuyer,
  paidWith,
  refusedAs,
  takenFrom,
  wants,
} from '../../../test/support/factories/billing.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { findCartItems } from '../records/cart-item-store.ts';
import { checkOut } from '../checkout/check-out.ts';
import { finishOrder, finishOrders } from './finish-orders.ts';
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

const later = (ms: number) => ctx.clock.set(new Date(ctx.clock.now().getTime() + ms));

/** A checkout whose request was asleep between its two transactions: reserved, and not yet asked of the processor. */
async function reserved(buyer: Buyer) {
  const { order, attempt } = await reserveOrder(buyer.ctx, buyer.profile.id, buyer.owner, paidWith('tok_visa'));
  assert(attempt);
  return { order, attempt };
}

test('uses with the longest of names are booked like any other', async () => {
  const buyer = await makeBuyer(ctx);
  const slug = 'u'.repeat(50);
  const plan = await makePlan(ctx, { use_charges: [{ slug, use_amount: 300 }] });
  await wants(buyer, plan, { use: slug });
  assert.equal((await buys(buyer))?.amount, 2300);
});

test('money that was taken after the order was given up still buys what was ordered', async () => {
  const buyer = await makeBuyer(ctx);
  const plan = await makePlan(ctx);
  await wants(buyer, plan);
  const { order, attempt } = await reserved(buyer);
  later(180_000);
  await finishOrders(buyer.ctx);
  const answer = await callProcessor(buyer.ctx, attempt);
  assert(answer.outcome === 'succeeded');
  const charge = await settleOrder(buyer.ctx, order.id, attempt, answer);
  assert.equal(charge?.amount, 2000);
  assert.ok(await findSubscription(database.db, buyer.profile.id, plan.id, ctx.clock.now()));
  assert.deepEqual(await findCartItems(database.db, buyer.owner), []);
});

test('an order that was given up is looked at once more, should its money have been taken after all', async () => {
  const buyer = await makeBuyer(ctx);
  await wants(buyer, await makePlan(ctx));
  const { order, attempt } = await reserved(buyer);
  later(180_000);
  assert.equal(await finishOrder(buyer.ctx, order.id), 'refused');
  assert.equal(await finishOrder(buyer.ctx, order.id), 'closed', 'nothing was taken so far');

  await callProcessor(buyer.ctx, attempt);
  later(300_000);
  assert.equal(await finishOrders(buyer.ctx), 1);
  assert.equal(await finishOrder(buyer.ctx, order.id), 'closed');
  assert.deepEqual(await takenFrom(buyer), [2000]);
});

test('who asks again under the same key is told what came of the first time', async () => {
  const buyer = await makeBuyer(ctx);
  await wants(buyer, await makePlan(ctx));
  const asks = (token: string, key: string) =>
    checkOut(buyer.ctx, buyer.profile.id, buyer.owner, paidWith(token, { key }));
  await assert.rejects(asks('tok_chargeDeclined', 'the key of a declined card'), refusedAs('card_declined'));
  await assert.rejects(asks('tok_chargeDeclined', 'the key of a declined card'), refusedAs('card_declined'));
  await assert.rejects(asks('tok_timeout', 'the key of a lost answer'), refusedAs('payment_unknown'));
  await assert.rejects(asks('tok_timeout', 'the key of a lost answer'), refusedAs('checkout_in_flight'));
  later(90_000);
  await finishOrders(buyer.ctx);
  assert.equal((await asks('tok_timeout', 'the key of a lost answer'))?.amount, 2000);
  assert.deepEqual(await takenFrom(buyer), [2000]);
});

test('a declined order stays refused, whoever looks', async () => {
  const buyer = await makeBuyer(ctx);
  await wants(buyer, await makePlan(ctx));
  await assert.rejects(buys(buyer, 'tok_chargeDeclined'), refusedAs('card_declined'));
  const order = await database.db
    .selectFrom('orders')
    .select('id')
    .where('profile_id', '=', buyer.profile.id)
    .executeTakeFirstOrThrow();
  assert.equal(await finishOrder(buyer.ctx, order.id), 'closed');
});

test('what was bought lasts as long as it was priced for, whatever becomes of the plan meanwhile', async () => {
  const buyer = await makeBuyer(ctx);
  const plan = await makePlan(ctx);
  await wants(buyer, plan);
  const at = ctx.clock.now();
  await assert.rejects(buys(buyer, 'tok_timeout'), refusedAs('payment_unknown'));
  const target = { provider_id: plan.profile_id, slug: plan.slug, relation: 'broker' };
  await updatePlan(ctx, target, { period_type: 'yearly', is_active: false });
  later(90_000);
  assert.equal(await finishOrders(buyer.ctx), 1);
  const subscription = await findSubscription(database.db, buyer.profile.id, plan.id, ctx.clock.now());
  assert.deepEqual(subscription?.ends_at, addPeriods(at, 1, 'monthly'));
});

test('an order that is settled late extends the subscription that took the place of the one it was for', async () => {
  const buyer = await makeBuyer(ctx);
  const plan = await makePlan(ctx);
  await wants(buyer, plan);
  await buys(buyer);
  later(60_000);
  await wants(buyer, plan);
  await assert.rejects(buys(buyer, 'tok_timeout'), refusedAs('payment_unknown'));

  later(10_000);
  const ending = { profile_id: buyer.profile.id, plan_id: plan.id };
  await inTransaction(database.db, (tx) => endSubscriptions(tx, ending, { at: ctx.clock.now(), originated_by: null }));
  later(10_000);
  const granted_at = ctx.clock.now();
  const row = { ...ending, created_at: granted_at, ends_at: addPeriods(granted_at, 1, 'monthly') };
  await database.db.insertInto('subscriptions').values(row).execute();

  later(90_000);
  assert.equal(await finishOrders(buyer.ctx), 1);
  const running = await findSubscription(database.db, buyer.profile.id, plan.id, ctx.clock.now());
  assert.deepEqual(running?.ends_at, addPeriods(granted_at, 2, 'monthly'));
});

test('people who give the same person the same plan at once are all served', async () => {
  const friend = await makeBuyer(ctx);
  const plan = await makePlan(ctx);
  const buyers = await Promise.all(Array.from({ length: 4 }, () => makeBuyer(ctx)));
  for (const buyer of buyers) await wants(buyer, plan, { sync_on: friend.profile.slug });
  const charges = await Promise.all(buyers.map((buyer) => buys(buyer)));
  assert.deepEqual(
    charges.map((charge) => charge?.state),
    buyers.map(() => 'done'),
  );
  const running = await findSubscription(database.db, friend.profile.id, plan.id, ctx.clock.now());
  assert.deepEqual(running?.ends_at, addPeriods(ctx.clock.now(), 4, 'monthly'));
});

test('a checkout enqueues no job, and the scheduled job finishes more abandoned orders than one batch holds', async () => {
  const jobsWaiting = () =>
    database.db.selectFrom('outbox_events').select('name').where('name', 'like', 'job:%').execute();
  const plan = await makePlan(ctx);
  const buyer = await makeBuyer(ctx);
  await wants(buyer, plan);
  await buys(buyer);
  assert.deepEqual(await jobsWaiting(), []);

  const abandoned = await Promise.all(Array.from({ length: 53 }, () => makeBuyer(ctx)));
  for (const each of abandoned) {
    await wants(each, plan);
    await assert.rejects(buys(each, 'tok_timeout'), refusedAs('payment_unknown'));
  }
  assert.deepEqual(await jobsWaiting(), []);
  later(90_000);
  assert.equal(await finishOrders(ctx), 53);
});

test('after all of this the books add up', async () => {
  assert.deepEqual((await verifyLedger(database.db)).violations, []);
});
