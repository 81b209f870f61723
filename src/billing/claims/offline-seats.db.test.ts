import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { type Charge, refreshCharge } from '#payments';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { addPlanToCart, type Buyer, checkOutCart, makeBuyer } from '../../../test/support/factories/billing.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { cancelBalance } from '../balances/cancel-balance.ts';
import { reverseAdjustment } from '../balances/reverse-adjustment.ts';
import { listSeats } from './find-seats.ts';

let database: TestDatabase;
let ctx: TestContext;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());
beforeEach(async () => {
  ctx = await testContext(database.db);
});

const query = { terms: [], fields: [], order: [], page: 1, page_size: 100, start_at: null, ends_at: null };

/** Sets the state of a charge at the processor and books it. */
async function decide(charge: Charge, state: 'failed' | 'done' | 'disputed' | 'lost'): Promise<void> {
  await database.db
    .updateTable('test_processor_charges')
    .set({ state, ...(state === 'disputed' || state === 'lost' ? { disputes_count: 1 } : {}) })
    .where('key', '=', charge.processor_key)
    .execute();
  await refreshCharge(ctx, charge);
}

/** Buys seats for two persons whose payment fails later: their price is due. */
async function buyUnpaid(): Promise<{ buyer: Buyer; provider_id: Buyer['profile']['id'] }> {
  const buyer = await makeBuyer(ctx);
  const plan = await makePlan(ctx);
  for (const name of ['one', 'two'])
    await addPlanToCart(buyer, plan, { sync_on: `${name}-${buyer.profile.slug}@example.com` });
  const charge = await checkOutCart(buyer, 'tok_chargeAsyncFail');
  assert.ok(charge);
  await decide(charge, 'failed');
  return { buyer, provider_id: plan.profile_id };
}

const statesOf = async ({ profile }: Buyer) =>
  (await listSeats(ctx, profile.id, query, new URL('http://site.example/'))).results
    .toSorted((a, b) => a.id - b.id)
    .map(({ state, may_revoke }) => [state, may_revoke]);

const settle = (buyer: Buyer, more: { amount?: number; is_paid?: boolean } = {}) =>
  cancelBalance(ctx, {
    profile_id: buyer.profile.id,
    sellers: null,
    amount: null,
    is_paid: true,
    request_key: null,
    ...more,
  });

test('a seat that its provider was paid for outside of the site can be claimed, until that is reversed', async () => {
  const { buyer, provider_id } = await buyUnpaid();
  const unpaid = [
    ['unpaid', false],
    ['unpaid', false],
  ];
  assert.deepEqual(await statesOf(buyer), unpaid);
  const [adjustment] = await settle(buyer);
  assert.ok(adjustment);
  assert.deepEqual(await statesOf(buyer), [
    ['open', false],
    ['open', false],
  ]);
  await reverseAdjustment(ctx, provider_id, adjustment.key);
  assert.deepEqual(await statesOf(buyer), unpaid);
});

test('a partial payment outside of the site pays the first seats of the order', async () => {
  const { buyer } = await buyUnpaid();
  await settle(buyer, { amount: 2500 });
  assert.deepEqual(await statesOf(buyer), [
    ['open', false],
    ['unpaid', false],
  ]);
});

test('a seat whose price was written off cannot be claimed', async () => {
  const { buyer } = await buyUnpaid();
  await settle(buyer, { is_paid: false });
  assert.deepEqual(await statesOf(buyer), [
    ['unpaid', false],
    ['unpaid', false],
  ]);
});

test('a seat whose payment was lost in a dispute cannot be claimed', async () => {
  const buyer = await makeBuyer(ctx);
  await addPlanToCart(buyer, await makePlan(ctx), { sync_on: `lost-${buyer.profile.slug}@example.com` });
  const charge = await checkOutCart(buyer);
  assert.ok(charge);
  assert.deepEqual(await statesOf(buyer), [['open', true]]);
  await decide(charge, 'disputed');
  await decide(charge, 'lost');
  assert.deepEqual(await statesOf(buyer), [['unpaid', false]]);
});
