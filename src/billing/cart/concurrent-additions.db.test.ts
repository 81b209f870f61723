import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Plan } from '#catalog';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { addPlanToCart, isProblemWithCode, makeBuyer } from '../../../test/support/factories/billing.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';

/** More rounds than a race without the lock needs to show once: it shows in most of them. */
const ROUNDS = 12;

let database: TestDatabase;
let ctx: TestContext;
let dollars: Plan;
let euros: Plan;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
  dollars = await makePlan(ctx);
  euros = await makePlan(ctx, { unit: 'eur' });
});
after(() => database.close());

test('of concurrent additions to an empty cart, those in a second currency are refused', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const buyer = await makeBuyer(ctx);
    const outcomes = await Promise.allSettled(
      [dollars, euros, dollars, euros].map((plan) => addPlanToCart(buyer, plan)),
    );
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    assert.equal(refused.length, 2);
    for (const { reason } of refused) assert.ok(isProblemWithCode('currency_mixed')(reason));
    const items = await database.db
      .selectFrom('cart_items')
      .select('plan_id')
      .where('user_id', '=', buyer.user.id)
      .execute();
    assert.equal(items.length, 1);
  }
});
