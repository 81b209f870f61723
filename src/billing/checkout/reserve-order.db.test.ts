import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { postEvent, findStatementBalance, verifyLedger } from '#ledger';
import { findCharge, refreshCharge } from '#payments';
import { inTransaction } from '#platform/db/database';
import { findProviderTerms, findSubscription, providersAt } from '#subscriptions';
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
import { makeSubject, orderEntry } from '../../../test/support/factories/ledger.ts';
import { makeOrganization } from '../../../test/support/factories/profiles.ts';
import { findCartItems } from '../records/cart-item-store.ts';
import { checkOut } from './check-out.ts';
import { loadBalances } from '../quotes/load-balances.ts';
import { reserveOrder } from './reserve-order.ts';
import { showBalance, showCart } from '../quotes/show-cart.ts';

const PENDING = '4000000000000341';

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
const payBalance = async (buyer: Buyer, token = 'tok_visa') => {
  await showBalance(buyer.ctx, buyer.profile, buyer.owner, null);
  return checkOut(buyer.ctx, buyer.profile.id, buyer.owner, makeCheckoutInput(token, { balance_only: true }));
};
/** Shows the cart with the balance due, then pays both. */
const showAndBuy = async (buyer: Buyer, token = 'tok_visa') => {
  await showCart(buyer.ctx, buyer.profile, buyer.owner);
  return checkOutCart(buyer, token);
};

async function failCharge(processor_key: string | undefined): Promise<void> {
  assert(processor_key);
  await database.db
    .updateTable('test_processor_charges')
    .set({ state: 'failed' })
    .where('key', '=', processor_key)
    .execute();
  const charge = await findCharge(database.db, processor_key);
  assert(charge);
  await refreshCharge(ctx, charge);
}

test('concurrent checkouts of one cart by two profiles of its owner make one order', async () => {
  const buyer = await makeBuyer(ctx);
  const company = await makeOrganization(database.db, { manager: buyer.user });
  await addPlanToCart(buyer, await makePlan(ctx));
  const outcomes = await Promise.allSettled([checkOutCart(buyer), checkOutCart(buyer, 'tok_visa', company)]);
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  assert.equal(
    [...(await findChargedAmounts(buyer)), ...(await findChargedAmounts({ ctx, profile: company }))].length,
    1,
  );
});

test('a cart whose payment outcome is unknown cannot be paid by another profile', async () => {
  const buyer = await makeBuyer(ctx);
  const company = await makeOrganization(database.db, { manager: buyer.user });
  await addPlanToCart(buyer, await makePlan(ctx));
  await assert.rejects(checkOutCart(buyer, 'tok_timeout'), isProblemWithCode('payment_unknown'));
  await assert.rejects(checkOutCart(buyer, 'tok_visa', company), isProblemWithCode('checkout_in_flight'));
  assert.deepEqual(await findChargedAmounts({ ctx, profile: company }), []);
});

test('the receiver of a gift cannot pay its balance while the charge of the giver is pending', async () => {
  const [giver, receiver] = [await makeBuyer(ctx), await makeBuyer(ctx)];
  const plan = await makePlan(ctx);
  await addPlanToCart(receiver, plan);
  await checkOutCart(receiver);
  advanceClock(60_000);
  await addPlanToCart(giver, plan, { sync_on: receiver.profile.slug });
  const pending = await checkOutCart(giver, PENDING);
  assert.equal(pending?.state, 'created');
  advanceClock(60_000);
  await assert.rejects(payBalance(receiver), isProblemWithCode('charge_pending'));
  await addPlanToCart(receiver, await makePlan(ctx));
  assert.equal((await checkOutCart(receiver))?.amount, 2000, 'a new order of the receiver does not include the gift');

  await failCharge(pending.processor_key);
  assert.equal((await payBalance(receiver))?.amount, 2000, 'the receiver may pay the unpaid gift');
  assert.deepEqual((await findStatementBalance(database.db, giver.profile.id, ctx.clock.now())).subjects, []);
});

test('two payers who pay one balance concurrently pay it once', async () => {
  const [giver, receiver] = [await makeBuyer(ctx), await makeBuyer(ctx)];
  const plan = await makePlan(ctx);
  await addPlanToCart(receiver, plan);
  await checkOutCart(receiver);
  advanceClock(60_000);
  await addPlanToCart(giver, plan, { sync_on: receiver.profile.slug });
  await failCharge((await checkOutCart(giver, PENDING))?.processor_key);
  advanceClock(60_000);
  const outcomes = await Promise.allSettled([payBalance(giver), payBalance(receiver)]);
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  const { subjects } = await findStatementBalance(database.db, receiver.profile.id, ctx.clock.now());
  assert.deepEqual(subjects, [], 'the balance is zero');
});

test('the giver of a gift does not owe later orders of the receiver', async () => {
  const [giver, receiver] = [await makeBuyer(ctx), await makeBuyer(ctx)];
  const plan = await makePlan(ctx);
  await addPlanToCart(giver, plan, { sync_on: receiver.profile.slug });
  await checkOutCart(giver);
  advanceClock(60_000);
  await addPlanToCart(receiver, plan);
  await failCharge((await checkOutCart(receiver, PENDING))?.processor_key);
  advanceClock(60_000);
  assert.deepEqual(await loadBalances(database.db, giver.profile, ctx.clock.now()), []);
  assert.equal((await payBalance(receiver))?.amount, 2000);
});

test('the giver does not owe a paid gift when the receiver owes an older order', async () => {
  const [giver, receiver] = [await makeBuyer(ctx), await makeBuyer(ctx)];
  const plan = await makePlan(ctx);
  await addPlanToCart(receiver, plan);
  await failCharge((await checkOutCart(receiver, PENDING))?.processor_key);
  advanceClock(60_000);
  await addPlanToCart(giver, plan, { sync_on: receiver.profile.slug });
  assert.equal((await checkOutCart(giver))?.amount, 2000);
  advanceClock(60_000);
  assert.deepEqual(await loadBalances(database.db, giver.profile, ctx.clock.now()), []);
  await addPlanToCart(receiver, await makePlan(ctx));
  await assert.rejects(
    checkOutCart(receiver),
    isProblemWithCode('cart_changed'),
    'the balance was not shown with the new plan',
  );
  assert.equal((await showAndBuy(receiver))?.amount, 4000, 'the balance of the receiver and the new plan');
  assert.deepEqual((await findStatementBalance(database.db, receiver.profile.id, ctx.clock.now())).subjects, []);
});

test('the receiver does not owe a paid order when an older gift failed', async () => {
  const [giver, receiver] = [await makeBuyer(ctx), await makeBuyer(ctx)];
  const plan = await makePlan(ctx);
  await addPlanToCart(giver, plan, { sync_on: receiver.profile.slug });
  await failCharge((await checkOutCart(giver, PENDING))?.processor_key);
  advanceClock(60_000);
  await addPlanToCart(receiver, plan);
  assert.equal((await checkOutCart(receiver))?.amount, 2000);
  advanceClock(60_000);
  await addPlanToCart(receiver, await makePlan(ctx));
  assert.equal((await checkOutCart(receiver))?.amount, 2000, 'the new plan alone');
  const [owed] = await loadBalances(database.db, giver.profile, ctx.clock.now());
  assert.deepEqual(
    owed?.lines.map(({ amount }) => amount),
    [2000],
  );
  assert.equal((await payBalance(giver))?.amount, 2000);
});

test('a balance in two currencies is paid one plan at a time', async () => {
  const buyer = await makeBuyer(ctx);
  const dollars = await makePlan(ctx, { unit: 'usd' });
  const euros = await makePlan(ctx, { unit: 'eur' });
  for (const plan of [dollars, euros]) {
    await addPlanToCart(buyer, plan);
    await checkOutCart(buyer);
  }
  for (const plan of [dollars, euros]) {
    const subscription = await findSubscription(database.db, buyer.profile.id, plan.id, ctx.clock.now());
    const sale = { provider: plan.profile_id, payer: buyer.profile.id, amount: 2000, unit: plan.unit };
    const entries = [orderEntry({ ...sale, subject: makeSubject({ id: String(subscription?.id) }) })];
    const event = { key: `renewal:${plan.slug}`, kind: 'order', at: ctx.clock.now(), entries };
    await inTransaction(database.db, (tx) => postEvent(tx, event));
  }
  await assert.rejects(payBalance(buyer), isProblemWithCode('currency_mixed'));
  for (const plan of [dollars, euros]) {
    const scope = makeCheckoutInput('tok_visa', { balance_only: true, balance_plan: plan.slug });
    await showBalance(buyer.ctx, buyer.profile, buyer.owner, plan.slug);
    const charge = await checkOut(buyer.ctx, buyer.profile.id, buyer.owner, scope);
    assert.deepEqual([charge?.amount, charge?.unit], [2000, plan.unit]);
  }
});

test('a provider is not charged for an unpaid gift of its own plan', async () => {
  const giver = await makeBuyer(ctx);
  const owner = await makeBuyer(ctx);
  const plan = await makePlan(ctx, { provider_id: owner.profile.id });
  await addPlanToCart(owner, plan);
  await checkOutCart(owner);
  advanceClock(60_000);
  await addPlanToCart(giver, plan, { sync_on: owner.profile.slug });
  await failCharge((await checkOutCart(giver, PENDING))?.processor_key);
  advanceClock(60_000);
  await assert.rejects(payBalance(owner), isProblemWithCode('cart_empty'));
});

test('a gift makes its giver a provider of the receiver only after the receiver accepts it', async () => {
  const [seller, receiver] = [await makeBuyer(ctx), await makeBuyer(ctx)];
  const shop = await makeOrganization(database.db, { manager: seller.user, is_provider: true });
  const plan = await makePlan(ctx, { provider_id: shop.id, period_amount: 0 });
  const providers = async () =>
    providersAt(await findProviderTerms(database.db, [receiver.profile.id]), ctx.clock.now(), 90);
  await addPlanToCart(seller, plan, { sync_on: receiver.profile.slug });
  assert.equal(await checkOutCart(seller), null);
  const offered = await findSubscription(database.db, receiver.profile.id, plan.id, ctx.clock.now());
  assert.match(offered?.grant_key ?? '', /^[0-9a-f]{40}$/);
  assert.deepEqual(await providers(), []);

  await addPlanToCart(seller, plan, { sync_on: receiver.profile.slug });
  await checkOutCart(seller);
  assert.deepEqual(await providers(), [], 'a second gift does not accept the first');

  await addPlanToCart(receiver, plan);
  await checkOutCart(receiver);
  assert.deepEqual(
    await providers(),
    [{ provider_id: shop.id, active: true }],
    'an order of the receiver accepts the gift',
  );
});

test('a plan for one person under several names is bought once, and every item leaves the cart', async () => {
  const buyer = await makeBuyer(ctx);
  const plan = await makePlan(ctx);
  await addPlanToCart(buyer, plan);
  await addPlanToCart(buyer, plan, { sync_on: buyer.profile.slug });
  await addPlanToCart(buyer, plan, { sync_on: buyer.profile.email });
  assert.equal((await checkOutCart(buyer))?.amount, 2000);
  assert.deepEqual(await findCartItems(database.db, buyer.owner), []);
});

test('a beneficiary is found by slug or address in capitals', async () => {
  const [giver, receiver] = [await makeBuyer(ctx), await makeBuyer(ctx)];
  for (const sync_on of [receiver.profile.slug.toUpperCase(), receiver.profile.email.toUpperCase()]) {
    const plan = await makePlan(ctx);
    await addPlanToCart(giver, plan, { sync_on });
    await checkOutCart(giver);
    assert.ok(await findSubscription(database.db, receiver.profile.id, plan.id, ctx.clock.now()), sync_on);
  }
});

test('a total above the maximum of a charge is refused and writes nothing', async () => {
  const buyer = await makeBuyer(ctx);
  const plan = await makePlan(ctx, {
    period_amount: 100_000_000_000,
    advance_discounts: [{ discount_type: 'percentage', discount_value: 0, length: 1000 }],
  });
  await addPlanToCart(buyer, plan, { option: 2 });
  const order = reserveOrder(buyer.ctx, buyer.profile.id, buyer.owner, makeCheckoutInput('tok_visa'));
  await assert.rejects(order, isProblemWithCode('charge_too_large'));
});

test('the ledger is balanced after the tests above', async () => {
  assert.deepEqual((await verifyLedger(database.db)).violations, []);
});
