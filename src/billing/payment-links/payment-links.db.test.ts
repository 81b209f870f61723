import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Plan } from '#catalog';
import { findStatementBalance, verifyLedger } from '#ledger';
import { randomKey40 } from '#platform/security/crypto';
import { findSubscription } from '#subscriptions';
import { signedIn, testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import {
  addPlanToCart,
  type Buyer,
  findChargedAmounts,
  isProblemWithCode,
  makeBuyer,
  makeCheckoutInput,
} from '../../../test/support/factories/billing.ts';
import { makeCoupon, makePlan, reread } from '../../../test/support/factories/catalog.ts';
import { makeOrganization, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { reverseAdjustment } from '../balances/reverse-adjustment.ts';
import { cancelBalance } from '../balances/cancel-balance.ts';
import { redeemCoupon } from '../cart/redeem-coupon.ts';
import { checkOut } from '../checkout/check-out.ts';
import { placeUnpaidOrder, type UnpaidOrderTerms } from '../checkout/place-unpaid-order.ts';
import { showBalance, showCart } from '../quotes/show-cart.ts';
import { collectLink } from './collect-link.ts';
import { viewLink } from './load-link.ts';
import { payLink } from './pay-link.ts';

let database: TestDatabase;
let ctx: TestContext;
let plan: Plan;
let buyer: Buyer;

before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());
beforeEach(async () => {
  ctx = await testContext(database.db);
  plan = await makePlan(ctx);
  buyer = await makeBuyer(ctx);
});

const broker: UnpaidOrderTerms = { is_broker: true, is_payer: false, is_allowed: false };
const own: UnpaidOrderTerms = { is_broker: false, is_payer: true, is_allowed: false };

async function place(terms: UnpaidOrderTerms = broker, caller: Buyer = buyer) {
  await addPlanToCart(caller, plan);
  await showCart(caller.ctx, buyer.profile, caller.owner);
  return placeUnpaidOrder(caller.ctx, buyer.profile.id, caller.owner, { cart_version: null }, terms);
}
async function placeLink(): Promise<string> {
  const { claim_code } = await place();
  assert(claim_code);
  return claim_code;
}
const pay = (code: string, token: string | null = 'tok_visa', key: string | null = null) =>
  payLink(ctx, code, { token, remember_card: true, key });
const collect = (code: string, more: { amount?: number; is_paid?: boolean } = {}) =>
  collectLink(ctx, plan.profile_id, code, { amount: null, is_paid: true, ...more });
const due = async (): Promise<number> =>
  (await findStatementBalance(database.db, buyer.profile.id, ctx.clock.now())).totals.reduce(
    (sum, { amount }) => sum + amount,
    0,
  );
const codeOf = (outcome: PromiseSettledResult<unknown>): string =>
  outcome.status === 'fulfilled' ? 'ok' : String((outcome.reason as { code?: string }).code); // a problem
const assertVerified = async () => assert.deepEqual((await verifyLedger(database.db)).violations, []);

test('an order that is paid later begins the subscription, is due, and numbers its invoice when it is placed', async () => {
  const { order, claim_code } = await place();
  assert.match(claim_code ?? '', /^[0-9a-f]{40}$/);
  assert.equal(order.amount, 2000);
  const subscription = await findSubscription(database.db, buyer.profile.id, plan.id, ctx.clock.now());
  assert.ok(subscription);
  assert.equal(await due(), 2000);
  assert.deepEqual(await findChargedAmounts(buyer), []);
  const { rows_count } = await database.db
    .selectFrom('documents')
    .select((eb) => eb.fn.countAll<number>().as('rows_count'))
    .where('profile_id', '=', buyer.profile.id)
    .executeTakeFirstOrThrow();
  assert.equal(Number(rows_count), 1);
  const stored = await database.db.selectFrom('payment_links').selectAll().execute();
  assert.ok(!JSON.stringify(stored).includes(claim_code ?? ''), 'the code is not stored in clear');
  await assertVerified();
});

test('a subscriber gets no access without paying unless the setting allows it', async () => {
  await assert.rejects(place(own), isProblemWithCode('pay_later_refused'));
  assert.equal(await findSubscription(database.db, buyer.profile.id, plan.id, ctx.clock.now()), undefined);
  assert.equal(await due(), 0);
  const { claim_code } = await place({ ...own, is_allowed: true });
  assert.ok(claim_code);
});

test('the provider places orders for its own plans only', async () => {
  const manager = await makeReadyUser(database.db);
  const seller = await makeOrganization(database.db, { manager, is_provider: true });
  const seller_plan = await makePlan(ctx, { provider_id: seller.id });
  const caller: Buyer = { ...buyer, ctx: { ...ctx, actor: signedIn(manager) }, owner: { user_id: manager.id } };
  const terms = { is_broker: false, is_payer: false, is_allowed: false };
  await assert.rejects(place(terms, caller), isProblemWithCode('pay_later_refused'));
  await database.db.deleteFrom('cart_items').where('user_id', '=', manager.id).execute();
  plan = seller_plan;
  const { claim_code } = await place(terms, caller);
  assert.ok(claim_code);
});

test('an order that is paid later uses a coupon up', async () => {
  const coupon = await makeCoupon(ctx, { nb_attempts: 1 });
  await addPlanToCart(buyer, plan);
  await redeemCoupon(buyer.ctx, buyer.owner, coupon.code);
  const { order } = await place();
  assert.equal(order.amount, 1000);
  const left = await database.db.selectFrom('coupons').select('nb_attempts').where('id', '=', coupon.id).execute();
  assert.deepEqual(left, [{ nb_attempts: 0 }]);
  assert.ok(await reread(database.db, plan));
});

test('a link is paid without an account, once, and extends nothing', async () => {
  const code = await placeLink();
  const before = await findSubscription(database.db, buyer.profile.id, plan.id, ctx.clock.now());
  const charge = await pay(code);
  assert.equal(charge.amount, 2000);
  assert.equal(await due(), 0);
  const after_it = await findSubscription(database.db, buyer.profile.id, plan.id, ctx.clock.now());
  assert.deepEqual(after_it?.ends_at, before?.ends_at);
  await assert.rejects(pay(code), isProblemWithCode('payment_link_closed'));
  await assert.rejects(collect(code), isProblemWithCode('payment_link_closed'));
  assert.equal((await viewLink(ctx, code)).due.amount, 0);
  assert.deepEqual(await findChargedAmounts(buyer), [2000]);
  const cards = await database.db
    .selectFrom('payment_methods')
    .selectAll()
    .where('profile_id', '=', buyer.profile.id)
    .execute();
  assert.deepEqual(cards, [], 'a visitor stores no card for the payer');
  await assertVerified();
});

test('the card on file is never charged for a caller who does not manage the payer', async () => {
  const other = await makePlan(ctx, { period_amount: 700 });
  await addPlanToCart(buyer, other);
  await checkOut(buyer.ctx, buyer.profile.id, buyer.owner, makeCheckoutInput('tok_visa', { remember_card: true }));
  const code = await placeLink();
  await assert.rejects(pay(code, null), isProblemWithCode('invalid_input'));
  await assert.rejects(pay(code, ''), isProblemWithCode('invalid_input'));
  const charge = await payLink(buyer.ctx, code, { token: null, remember_card: false, key: null });
  assert.equal(charge.amount, 2000);
});

test('an unknown code and the code of another provider reveal nothing', async () => {
  const code = await placeLink();
  const other = await makeOrganization(database.db, { is_provider: true });
  await assert.rejects(pay('f'.repeat(40)), isProblemWithCode('payment_link_unknown'));
  await assert.rejects(pay('short'), isProblemWithCode('payment_link_unknown'));
  await assert.rejects(
    collectLink(ctx, other.id, code, { amount: null, is_paid: true }),
    isProblemWithCode('payment_link_unknown'),
  );
  assert.equal((await viewLink(ctx, code.toUpperCase())).due.amount, 2000);
});

test('of two collections at the same time exactly one is booked', async () => {
  const code = await placeLink();
  const outcomes = await Promise.allSettled([collect(code), collect(code), collect(code, { is_paid: false })]);
  assert.deepEqual(outcomes.map(codeOf).toSorted(), ['ok', 'payment_link_closed', 'payment_link_closed']);
  assert.equal(await due(), 0);
  await assertVerified();
});

test('of a collection and card payments at the same time exactly one counts', async () => {
  for (let round = 0; round < 5; round += 1) {
    const code = await placeLink();
    const outcomes = await Promise.allSettled([pay(code), collect(code), pay(code), collect(code)]);
    const codes = outcomes.map(codeOf);
    assert.equal(codes.filter((each) => each === 'ok').length, 1, codes.join());
    for (const each of codes)
      assert.ok(['ok', 'payment_link_closed', 'checkout_in_flight', 'charge_pending'].includes(each), each);
    assert.equal(await due(), 0);
  }
  await assertVerified();
});

test('of a payment by link and one on the balance page exactly one charges', async () => {
  const code = await placeLink();
  await showBalance(buyer.ctx, buyer.profile, buyer.owner, null);
  const payBalance = () =>
    checkOut(buyer.ctx, buyer.profile.id, buyer.owner, makeCheckoutInput('tok_visa', { balance_only: true }));
  const outcomes = await Promise.allSettled([pay(code), payBalance(), pay(code), payBalance()]);
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  assert.deepEqual(await findChargedAmounts(buyer), [2000]);
  assert.equal(await due(), 0);
});

test('a declined card leaves the link open, and a retry with the same key charges once', async () => {
  const code = await placeLink();
  await assert.rejects(pay(code, 'tok_chargeDeclined'), isProblemWithCode('card_declined'));
  const key = randomKey40();
  const first = await pay(code, 'tok_visa', key);
  const second = await pay(code, 'tok_visa', key);
  assert.equal(second.id, first.id);
  assert.deepEqual(await findChargedAmounts(buyer), [2000]);
});

test('two links of one subscription are collected independently', async () => {
  const first = await placeLink();
  const second = await placeLink();
  await collect(second);
  assert.equal(await due(), 2000);
  assert.equal((await viewLink(ctx, second)).due.amount, 0);
  assert.equal((await viewLink(ctx, first)).due.amount, 2000);
  assert.equal((await pay(first)).amount, 2000);
  assert.equal(await due(), 0);
});

test('a collection in part closes the link and leaves the rest due', async () => {
  const code = await placeLink();
  await assert.rejects(collect(code, { amount: 2001 }), isProblemWithCode('invalid_input'));
  await collect(code, { amount: 500 });
  assert.equal(await due(), 1500);
  await assert.rejects(pay(code), isProblemWithCode('payment_link_closed'));
  await showBalance(buyer.ctx, buyer.profile, buyer.owner, null);
  const charge = await checkOut(
    buyer.ctx,
    buyer.profile.id,
    buyer.owner,
    makeCheckoutInput('tok_visa', { balance_only: true }),
  );
  assert.equal(charge?.amount, 1500);
});

test('an offline payment in part lowers what the link charges', async () => {
  const code = await placeLink();
  const { id: profile_id } = buyer.profile;
  await cancelBalance(ctx, { profile_id, sellers: null, amount: 500, is_paid: true, request_key: null });
  assert.equal((await pay(code)).amount, 1500);
  assert.equal(await due(), 0);
});

test('a reversed collection opens the link again', async () => {
  const code = await placeLink();
  await collect(code);
  const { key } = await database.db
    .selectFrom('adjustments')
    .innerJoin('payment_links', 'payment_links.adjustment_id', 'adjustments.id')
    .select('adjustments.key')
    .where('payment_links.profile_id', '=', buyer.profile.id)
    .executeTakeFirstOrThrow();
  await reverseAdjustment(ctx, plan.profile_id, key);
  assert.equal((await pay(code)).amount, 2000);
  assert.equal(await due(), 0);
  await assertVerified();
});

test('a free order needs no link', async () => {
  plan = await makePlan(ctx, { period_amount: 0 });
  const { claim_code } = await place();
  assert.equal(claim_code, null);
  assert.equal(await due(), 0);
});
