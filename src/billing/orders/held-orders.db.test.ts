import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import { callProcessor } from '#payments';
import { inTransaction } from '#platform/db/database';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import {
  addPlanToCart,
  type Buyer,
  checkOutCart,
  isProblemWithCode,
  makeBuyer,
  makeCheckoutInput,
} from '../../../test/support/factories/billing.ts';
import { makeCoupon, makePlan } from '../../../test/support/factories/catalog.ts';
import { redeemCoupon } from '../cart/redeem-coupon.ts';
import { reserveOrder } from '../checkout/reserve-order.ts';
import { finishOrders } from './finish-orders.ts';

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

async function reserve(buyer: Buyer) {
  const { attempt } = await reserveOrder(buyer.ctx, buyer.profile.id, buyer.owner, makeCheckoutInput('tok_visa'));
  assert(attempt);
  return attempt;
}

async function countLeft(id: Awaited<ReturnType<typeof makeCoupon>>['id']): Promise<number | null> {
  const row = await database.db
    .selectFrom('coupons')
    .select('nb_attempts')
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  return row.nb_attempts;
}

const entriesOf = ({ profile }: Buyer) =>
  database.db.selectFrom('free_entries').selectAll().where('profile_id', '=', profile.id).execute();

test('an order that is given up and paid later leaves no redemption of its coupon to another order', async () => {
  const coupon = await makeCoupon(ctx, { nb_attempts: 1 });
  const plan = await makePlan(ctx);
  const [first, second] = [await makeBuyer(ctx), await makeBuyer(ctx)];
  await addPlanToCart(first, plan);
  await redeemCoupon(first.ctx, first.owner, coupon.code);
  await addPlanToCart(second, plan);
  await redeemCoupon(second.ctx, second.owner, coupon.code);
  const attempt = await reserve(first);
  advanceClock(180_000);
  await finishOrders(first.ctx);
  assert.equal(await countLeft(coupon.id), 0, 'the given-up order keeps its redemption');
  await assert.rejects(checkOutCart(second), isProblemWithCode('cart_changed'));
  await callProcessor(first.ctx, attempt);
  advanceClock(300_000);
  assert.equal(await finishOrders(first.ctx), 1);
  assert.equal(await countLeft(coupon.id), 0);
});

test('a given-up order that is never paid releases its redemption once, after the last look-up', async () => {
  const coupon = await makeCoupon(ctx, { nb_attempts: 1 });
  const buyer = await makeBuyer(ctx);
  await addPlanToCart(buyer, await makePlan(ctx));
  await redeemCoupon(buyer.ctx, buyer.owner, coupon.code);
  await reserve(buyer);
  advanceClock(180_000);
  await finishOrders(buyer.ctx);
  advanceClock(3_700_000);
  await finishOrders(buyer.ctx);
  await finishOrders(buyer.ctx);
  assert.equal(await countLeft(coupon.id), 1);
});

/** PGlite has one connection: two transactions cannot overlap there. */
const skip = process.env['TEST_DATABASE_URL'] === undefined ? 'a race needs PostgreSQL (TEST_DATABASE_URL)' : false;

/** Waits until this many statements wait to write free entries. */
async function waitForWriters(count: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const { rows } = await sql<{ waiting: number }>`select count(*)::int as waiting from pg_locks
      where relation = 'free_entries'::regclass and not granted`.execute(database.db);
    if (rows[0]?.waiting === count) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('the orders do not wait');
}

test('of two payers who give one person a free entry at the same time the database refuses one', { skip }, async () => {
  const plan = await makePlan(ctx, { unlock_event: 'first visit' });
  const friend = await makeBuyer(ctx);
  const payers = [await makeBuyer(ctx), await makeBuyer(ctx)];
  for (const payer of payers) await addPlanToCart(payer, plan, { option: 2, sync_on: friend.profile.slug });
  // Both orders are priced before either can take the entry.
  const [locked, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const holder = inTransaction(database.db, async (tx) => {
    await sql`lock table free_entries in share mode`.execute(tx);
    locked.resolve();
    await release.promise;
  });
  await locked.promise;
  const settled = Promise.allSettled(payers.map((payer) => checkOutCart(payer)));
  await waitForWriters(2).finally(() => release.resolve());
  await holder;
  const results = await settled;
  assert.deepEqual(results.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  const refused = results.find(({ status }) => status === 'rejected');
  assert.ok(refused?.status === 'rejected' && isProblemWithCode('cart_changed')(refused.reason));
  assert.equal((await entriesOf(friend)).length, 1);
  const lines = await database.db
    .selectFrom('order_lines')
    .innerJoin('orders', 'orders.id', 'order_lines.order_id')
    .select(['orders.state', 'order_lines.amount'])
    .where('beneficiary_id', '=', friend.profile.id)
    .execute();
  assert.deepEqual(lines, [{ state: 'settled', amount: 0 }]);
});

test('a declined order returns the free entry that it took', async () => {
  const plan = await makePlan(ctx, { unlock_event: 'first visit' });
  const paid = await makePlan(ctx);
  const buyer = await makeBuyer(ctx);
  await addPlanToCart(buyer, plan, { option: 2 });
  await addPlanToCart(buyer, paid);
  await assert.rejects(checkOutCart(buyer, 'tok_chargeDeclined'), isProblemWithCode('card_declined'));
  assert.deepEqual(await entriesOf(buyer), []);
  await checkOutCart(buyer);
  assert.equal((await entriesOf(buyer)).length, 1);
});
