import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { verifyLedger } from '#ledger';
import { countStatements } from '../../../bench/statement-count.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { addPlanToCart, checkOutCart, makeBuyer } from '../../../test/support/factories/billing.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { makeSeller } from '../../../test/support/factories/subscriptions.ts';
import { addToCart } from '../cart/add-to-cart.ts';

let database: TestDatabase;
let ctx: TestContext;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
});
after(() => database.close());

/** Statements of the verb with its test charge; the throttle of the test context counts in memory. */
const CHECKOUT_MAX = 12;

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
