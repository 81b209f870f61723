import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { verifyLedger } from '#ledger';
import { countStatements } from '../../../bench/statement-count.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { addPlanToCart, checkOutCart, makeBuyer } from '../../../test/support/factories/billing.ts';
import { makeCoupon, makePlan } from '../../../test/support/factories/catalog.ts';
import { makeSeller } from '../../../test/support/factories/subscriptions.ts';
import { inTransaction } from '#platform/db/database';
import { addToCart } from '../cart/add-to-cart.ts';
import { upsertRememberedCoupon } from '../records/index.ts';

let database: TestDatabase;
let ctx: TestContext;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
});
after(() => database.close());

/** Statements of the verb with its test charge; the throttle of the test context counts in memory. */
const CHECKOUT_MAX = 11;

test('a checkout sends as many statements for eight lines of two providers as for one', async () => {
  const buyer = await makeBuyer(ctx);
  const { profile: provider } = await makeSeller(database.db);
  const own = await makePlan(ctx);
  const counts: number[] = [];
  for (const size of [1, 4]) {
    for (let index = 0; index < size; index += 1) {
      await addPlanToCart(buyer, await makePlan(ctx, { setup_amount: 500 }));
      await addPlanToCart(buyer, await makePlan(ctx, { provider_id: provider.id }));
    }
    await addPlanToCart(buyer, own);
    const { statements, transactions_count } = await countStatements(() => checkOutCart(buyer));
    assert.ok(statements.length <= CHECKOUT_MAX, statements.join('\n'));
    assert.equal(transactions_count, 2);
    counts.push(statements.length);
  }
  assert.ok((counts[1] ?? 0) <= (counts[0] ?? 0) + 1, `${counts.join(' and ')} statements`);
  assert.deepEqual((await verifyLedger(database.db)).violations, []);
});

test('a plan is added to an empty cart with three statements in one transaction', async () => {
  const buyer = await makeBuyer(ctx);
  const plan = await makePlan(ctx);
  const { statements, transactions_count } = await countStatements(() =>
    addToCart(buyer.ctx, buyer.owner, [{ plan: plan.slug, option: 1 }]),
  );
  assert.equal(statements.length, 3, statements.join('\n'));
  assert.equal(transactions_count, 1);
});

test('several plans and a remembered code are added with as many statements for eight plans as for two', async () => {
  const coupon = await makeCoupon(ctx);
  const add = async (size: number) => {
    const buyer = await makeBuyer(ctx);
    await inTransaction(database.db, (tx) => upsertRememberedCoupon(tx, buyer.owner, coupon.code, ctx.clock.now()));
    const plans = await Promise.all(Array.from({ length: size }, () => makePlan(ctx)));
    const wishes = plans.map(({ slug }) => ({ plan: slug, option: 1 }));
    const first = await countStatements(() => addToCart(buyer.ctx, buyer.owner, wishes.slice(0, 1)));
    const { statements } = await countStatements(async () => {
      const added = await addToCart(buyer.ctx, buyer.owner, wishes);
      assert.deepEqual(
        added.map(({ item, is_new }) => [item.coupon_id, is_new]),
        plans.map((_, index) => [coupon.id, index > 0]),
      );
    });
    assert.ok(first.statements.length <= statements.length);
    return statements.length;
  };
  assert.equal(await add(8), await add(2));
});

test('an item that occurs twice in one request is added once, with the later members', async () => {
  const buyer = await makeBuyer(ctx);
  const [plan, other] = [await makePlan(ctx), await makePlan(ctx)];
  const added = await addToCart(buyer.ctx, buyer.owner, [
    { plan: plan.slug, option: 1, full_name: 'First', sync_on: 'ann@example.com' },
    { plan: other.slug },
    { plan: plan.slug, full_name: 'Second', sync_on: 'ANN@example.com' },
  ]);
  assert.deepEqual(
    added.map(({ item, plan: { slug }, is_new }) => [slug, item.full_name, item.option, is_new]),
    [
      [plan.slug, 'Second', 1, true],
      [other.slug, '', 0, true],
      [plan.slug, 'Second', 1, false],
    ],
  );
  const again = await addToCart(buyer.ctx, buyer.owner, [
    { plan: other.slug, option: 2 },
    { plan: plan.slug, email: null, sync_on: 'ann@example.com' },
  ]);
  assert.deepEqual(
    again.map(({ item, is_new }) => [item.full_name, item.option, is_new]),
    [
      ['', 2, false],
      ['Second', 1, false],
    ],
  );
});
