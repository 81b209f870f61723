import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { User } from '#accounts';
import type { Plan } from '#catalog';
import { verifyLedger } from '#ledger';
import { Problem } from '#kernel/problem';
import type { Profile } from '#profiles';
import { findPersonalProfile } from '#profiles';
import { refreshCharge } from '#payments';
import { findSubscription } from '#subscriptions';
import { signedIn, testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { makeCoupon, makePlan } from '../../../test/support/factories/catalog.ts';
import { makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { addToCart } from '../cart/add-to-cart.ts';
import { findCartItems } from '../records/cart-item-store.ts';
import { checkOut } from './check-out.ts';
import { finishOrders } from '../orders/finish-orders.ts';
import { cartVersion } from '../records/line.ts';
import { loadInvoicables } from '../quotes/load-invoicables.ts';
import { redeemCoupon } from '../cart/redeem-coupon.ts';
import { type CheckoutInput, reserveOrder } from './reserve-order.ts';
import { showBalance } from '../quotes/show-cart.ts';

let database: TestDatabase;
let ctx: TestContext;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());
beforeEach(async () => {
  ctx = await testContext(database.db);
});

interface Buyer {
  ctx: TestContext;
  user: User;
  profile: Profile;
  owner: { user_id: User['id'] };
}

async function aBuyer(): Promise<Buyer> {
  const user = await makeReadyUser(database.db, { personal: true });
  const profile = await findPersonalProfile(database.db, user.id);
  assert(profile);
  return { ctx: { ...ctx, actor: signedIn(user) }, user, profile, owner: { user_id: user.id } };
}

const card = (token: string | null, more: Partial<CheckoutInput> = {}): CheckoutInput => ({
  token,
  remember_card: false,
  cart_version: null,
  ...more,
});

const buy = (buyer: Buyer, input: CheckoutInput) => checkOut(buyer.ctx, buyer.profile.id, buyer.owner, input);
const want = (buyer: Buyer, plan: Plan, option = 1) => addToCart(buyer.ctx, buyer.owner, [{ plan: plan.slug, option }]);
const cartOf = (buyer: Buyer) => findCartItems(database.db, buyer.owner);
const held = (buyer: Buyer, plan: Plan) => findSubscription(database.db, buyer.profile.id, plan.id, ctx.clock.now());

async function entriesOf(buyer: Buyer) {
  const rows = await database.db
    .selectFrom('ledger_entries')
    .innerJoin('profiles as orig', 'orig.id', 'ledger_entries.orig_profile_id')
    .innerJoin('profiles as dest', 'dest.id', 'ledger_entries.dest_profile_id')
    .innerJoin('ledger_events', 'ledger_events.id', 'ledger_entries.ledger_event_id')
    .select([
      'orig.slug as from',
      'orig_account',
      'dest.slug as to',
      'dest_account',
      'dest_amount',
      'ledger_entries.description',
    ])
    .where('ledger_entries.ledger_event_id', 'in', (eb) =>
      eb
        .selectFrom('ledger_entries as own')
        .select('own.ledger_event_id')
        .where((or) =>
          or.or([or('own.dest_profile_id', '=', buyer.profile.id), or('own.orig_profile_id', '=', buyer.profile.id)]),
        ),
    )
    .orderBy('ledger_entries.id')
    .execute();
  return rows.map((row) => `${row.from}:${row.orig_account} → ${row.to}:${row.dest_account} ${row.dest_amount}`);
}

async function chargesOf(buyer: Buyer) {
  return database.db.selectFrom('charges').selectAll().where('profile_id', '=', buyer.profile.id).execute();
}

async function takenFrom(buyer: Buyer) {
  const rows = await database.db
    .selectFrom('test_processor_charges')
    .innerJoin('charge_attempts', 'charge_attempts.key', 'test_processor_charges.idempotency_key')
    .select('test_processor_charges.amount')
    .where('charge_attempts.profile_id', '=', buyer.profile.id)
    .where('outcome', '=', 'accepted')
    .execute();
  return rows.map(({ amount }) => amount);
}

const refusal = (code: string) => (error: unknown) => error instanceof Problem && error.code === code;

test('one plan of 20.00 is booked to the cent as the specification shows (C2)', async () => {
  const buyer = await aBuyer();
  const plan = await makePlan(ctx);
  await want(buyer, plan);
  const charge = await buy(buyer, card('tok_visa'));
  assert.equal(charge?.state, 'done');
  assert.equal(charge.amount, 2000);
  const slug = buyer.profile.slug;
  assert.deepEqual(await entriesOf(buyer), [
    `cowork:Receivable → ${slug}:Payable 2000`,
    `${slug}:Liability → stripe:Funds 2000`,
    `${slug}:Payable → ${slug}:Liability 2000`,
    'stripe:Backlog → cowork:Expenses 88',
    'cowork:Backlog → cowork:Receivable 2000',
    'stripe:Funds → cowork:Funds 1912',
  ]);
  const subscription = await held(buyer, plan);
  assert.deepEqual(subscription?.created_at, ctx.clock.now(), 'the subscription begins at the instant of its order');
  assert.equal(subscription.ends_at.toISOString(), '2026-04-10T15:00:00.000Z');
  assert.deepEqual(await cartOf(buyer), []);
});

test('a prepaid year at a tenth off is one order of 972.00 and twelve months (C1)', async () => {
  const buyer = await aBuyer();
  const plan = await makePlan(ctx, {
    period_amount: 9000,
    advance_discounts: [{ discount_type: 'percentage', discount_value: 1000, length: 12 }],
  });
  await want(buyer, plan, 2);
  const charge = await buy(buyer, card('tok_visa'));
  assert.equal(charge?.amount, 97_200);
  assert.equal((await held(buyer, plan))?.ends_at.toISOString(), '2027-03-10T15:00:00.000Z');
  const [line] = await database.db.selectFrom('order_lines').selectAll().where('plan_id', '=', plan.id).execute();
  assert.equal(line?.periods_count, 12);
  assert.equal(line.description, `Subscription to ${plan.slug} until 2027/03/10 (12 months) - a 10% discount`);
});

test('a coupon over everything makes an order without a charge (C14)', async () => {
  const buyer = await aBuyer();
  const plan = await makePlan(ctx);
  const coupon = await makeCoupon(ctx, { discount_value: 10_000, nb_attempts: 3 });
  await want(buyer, plan);
  await redeemCoupon(buyer.ctx, buyer.owner, coupon.code);
  assert.equal(await buy(buyer, card(null)), null);
  assert.deepEqual(await entriesOf(buyer), [`cowork:Receivable → ${buyer.profile.slug}:Payable 0`]);
  assert.deepEqual(await chargesOf(buyer), []);
  assert.ok(await held(buyer, plan));
  const left = await database.db
    .selectFrom('coupons')
    .select('nb_attempts')
    .where('id', '=', coupon.id)
    .executeTakeFirst();
  assert.equal(left?.nb_attempts, 2, 'one use a purchase');
});

test('a declined card leaves nothing behind but the cart, and the coupon its uses (C15)', async () => {
  const buyer = await aBuyer();
  const plan = await makePlan(ctx);
  const coupon = await makeCoupon(ctx, { nb_attempts: 1 });
  await want(buyer, plan);
  await redeemCoupon(buyer.ctx, buyer.owner, coupon.code);
  await assert.rejects(buy(buyer, card('4000000000000002')), refusal('card_declined'));
  assert.deepEqual(await entriesOf(buyer), []);
  assert.deepEqual(await chargesOf(buyer), []);
  assert.equal(await held(buyer, plan), undefined);
  assert.equal((await cartOf(buyer)).length, 1);
  const left = await database.db
    .selectFrom('coupons')
    .select('nb_attempts')
    .where('id', '=', coupon.id)
    .executeTakeFirst();
  assert.equal(left?.nb_attempts, 1);
  const charge = await buy(buyer, card('4242424242424242'));
  assert.equal(charge?.amount, 1000, 'another card goes through at once');
});

test('six checkouts of one cart at once take the money once (C16)', async () => {
  const buyer = await aBuyer();
  const plan = await makePlan(ctx);
  await want(buyer, plan);
  const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => buy(buyer, card('tok_visa'))));
  const codes = outcomes.map((outcome) =>
    outcome.status === 'fulfilled'
      ? 'paid'
      : outcome.reason instanceof Problem
        ? outcome.reason.code
        : String(outcome.reason),
  );
  assert.equal(codes.filter((code) => code === 'paid').length, 1, codes.join());
  assert.ok(
    codes.every((code) => ['paid', 'checkout_in_flight', 'cart_empty'].includes(code)),
    codes.join(),
  );
  assert.deepEqual(await takenFrom(buyer), [2000]);
  assert.equal((await chargesOf(buyer)).length, 1);
});

test('six buyers share a coupon with two uses: two succeed', async () => {
  const plan = await makePlan(ctx);
  const coupon = await makeCoupon(ctx, { nb_attempts: 2 });
  const buyers = await Promise.all(Array.from({ length: 6 }, aBuyer));
  for (const buyer of buyers) {
    await want(buyer, plan);
    await redeemCoupon(buyer.ctx, buyer.owner, coupon.code);
  }
  const outcomes = await Promise.allSettled(buyers.map((buyer) => buy(buyer, card('tok_visa'))));
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 2);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') assert.ok(refusal('cart_changed')(outcome.reason), String(outcome.reason));
  }
});

test('what a lost answer left is settled by the job, once, at the instant of the order', async () => {
  const buyer = await aBuyer();
  const plan = await makePlan(ctx);
  await want(buyer, plan);
  const ordered_at = ctx.clock.now();
  await assert.rejects(buy(buyer, card('tok_timeout')), refusal('payment_unknown'));
  assert.equal(await held(buyer, plan), undefined, 'nothing is promised while the outcome is unknown');
  await assert.rejects(buy(buyer, card('tok_visa')), refusal('checkout_in_flight'), 'and nothing is charged on top');
  ctx.clock.set(new Date(ordered_at.getTime() + 90_000));
  const [first, second] = await Promise.all([finishOrders(buyer.ctx), finishOrders(buyer.ctx)]);
  assert.ok(first + second >= 1);
  assert.deepEqual(await takenFrom(buyer), [2000]);
  assert.equal((await chargesOf(buyer)).length, 1);
  assert.deepEqual((await held(buyer, plan))?.created_at, ordered_at);
  assert.equal((await entriesOf(buyer)).length, 6);
});

test('a crash before the processor was asked gives the order up, after long enough, and the cart back', async () => {
  const buyer = await aBuyer();
  const plan = await makePlan(ctx);
  const coupon = await makeCoupon(ctx, { nb_attempts: 1 });
  await want(buyer, plan);
  await redeemCoupon(buyer.ctx, buyer.owner, coupon.code);
  const at = ctx.clock.now();
  await reserveOrder(buyer.ctx, buyer.profile.id, buyer.owner, card('tok_visa'));
  ctx.clock.set(new Date(at.getTime() + 60_000));
  await finishOrders(buyer.ctx);
  await assert.rejects(buy(buyer, card('tok_visa')), refusal('checkout_in_flight'), 'a minute is not long enough');
  ctx.clock.set(new Date(at.getTime() + 180_000));
  await finishOrders(buyer.ctx);
  assert.deepEqual(await takenFrom(buyer), []);
  const charge = await buy(buyer, card('tok_visa'));
  assert.equal(charge?.amount, 1000, 'the coupon was given back');
});

test('a cart or a price that changed since it was shown is not charged', async () => {
  const buyer = await aBuyer();
  const plan = await makePlan(ctx);
  await want(buyer, plan);
  const scope = { payer: buyer.profile, owner: buyer.owner, at: ctx.clock.now() };
  const shown = cartVersion(await loadInvoicables(database.db, scope));
  await want(buyer, await makePlan(ctx));
  await assert.rejects(buy(buyer, card('tok_visa', { cart_version: shown })), refusal('cart_changed'));
  assert.deepEqual(await takenFrom(buyer), []);
  const now = cartVersion(await loadInvoicables(database.db, scope));
  assert.equal((await buy(buyer, card('tok_visa', { cart_version: now })))?.amount, 4000);
});

test('a balance that is paid late never extends the subscription (A8)', async () => {
  const buyer = await aBuyer();
  const plan = await makePlan(ctx);
  await want(buyer, plan);
  const pending = await buy(buyer, card('4000000000000341'));
  assert.equal(pending?.state, 'created');
  const ends_at = (await held(buyer, plan))?.ends_at;
  await assert.rejects(
    buy(buyer, card('tok_visa')),
    refusal('charge_pending'),
    'the same orders are not charged twice (A1)',
  );

  await database.db
    .updateTable('test_processor_charges')
    .set({ state: 'failed' })
    .where('key', '=', pending.processor_key)
    .execute();
  await refreshCharge(ctx, pending);
  await assert.rejects(buy(buyer, card('tok_visa', { balance_only: true })), refusal('cart_changed'), 'not shown yet');
  await showBalance(buyer.ctx, buyer.profile, buyer.owner, null);
  const paid = await buy(buyer, card('tok_visa', { balance_only: true }));
  assert.equal(paid?.amount, 2000);
  assert.deepEqual((await held(buyer, plan))?.ends_at, ends_at);
  await assert.rejects(buy(buyer, card('tok_visa')), refusal('cart_empty'), 'nothing is due any more');
});

test('currencies are not mixed in one cart', async () => {
  const buyer = await aBuyer();
  await want(buyer, await makePlan(ctx, { unit: 'usd' }));
  await assert.rejects(want(buyer, await makePlan(ctx, { unit: 'cad' })), refusal('currency_mixed'));
});

test('a choice that was asked for and not made is not charged; without any the least is bought', async () => {
  const buyer = await aBuyer();
  const plan = await makePlan(ctx, {
    advance_discounts: [{ discount_type: 'percentage', discount_value: 1000, length: 12 }],
  });
  await want(buyer, plan, 0);
  await assert.rejects(buy(buyer, card('tok_visa', { choices: [{ option: 0 }] })), refusal('options_undecided'));
  await assert.rejects(buy(buyer, card('tok_visa', { choices: [{ option: 3 }] })), refusal('options_undecided'));
  assert.equal((await buy(buyer, card('tok_visa')))?.amount, 2000);
});

test('the setup fee is billed with the first order only', async () => {
  const buyer = await aBuyer();
  const plan = await makePlan(ctx, { setup_amount: 500 });
  await want(buyer, plan);
  assert.equal((await buy(buyer, card('tok_visa')))?.amount, 2500);
  await want(buyer, plan);
  assert.equal((await buy(buyer, card('tok_visa')))?.amount, 2000);
});

test('no card and nothing on file is refused before anything is written', async () => {
  const buyer = await aBuyer();
  await want(buyer, await makePlan(ctx));
  await assert.rejects(buy(buyer, card(null)), refusal('payment_method_absent'));
  const orders = await database.db
    .selectFrom('orders')
    .select('id')
    .where('profile_id', '=', buyer.profile.id)
    .execute();
  assert.deepEqual(orders, []);
});

test('after all of this the books add up', async () => {
  assert.deepEqual((await verifyLedger(database.db)).violations, []);
});
