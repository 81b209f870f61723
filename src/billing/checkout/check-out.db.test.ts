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

async function makeBuyer(): Promise<Buyer> {
  const user = await makeReadyUser(database.db, { personal: true });
  const profile = await findPersonalProfile(database.db, user.id);
  assert(profile);
  return { ctx: { ...ctx, actor: signedIn(user) }, user, profile, owner: { user_id: user.id } };
}

const makeInput = (token: string | null, more: Partial<CheckoutInput> = {}): CheckoutInput => ({
  token,
  remember_card: false,
  cart_version: null,
  ...more,
});

const checkOutCart = (buyer: Buyer, input: CheckoutInput) => checkOut(buyer.ctx, buyer.profile.id, buyer.owner, input);
const addPlanToCart = (buyer: Buyer, plan: Plan, option = 1) =>
  addToCart(buyer.ctx, buyer.owner, [{ plan: plan.slug, option }]);
const findCart = (buyer: Buyer) => findCartItems(database.db, buyer.owner);
const findRunning = (buyer: Buyer, plan: Plan) =>
  findSubscription(database.db, buyer.profile.id, plan.id, ctx.clock.now());

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

async function findChargedAmounts(buyer: Buyer) {
  const rows = await database.db
    .selectFrom('test_processor_charges')
    .innerJoin('charge_attempts', 'charge_attempts.key', 'test_processor_charges.idempotency_key')
    .select('test_processor_charges.amount')
    .where('charge_attempts.profile_id', '=', buyer.profile.id)
    .where('outcome', '=', 'accepted')
    .execute();
  return rows.map(({ amount }) => amount);
}

const isProblem = (code: string) => (error: unknown) => error instanceof Problem && error.code === code;

// C2
test('a plan of $20.00 is booked with the entries of the specification', async () => {
  const buyer = await makeBuyer();
  const plan = await makePlan(ctx);
  await addPlanToCart(buyer, plan);
  const charge = await checkOutCart(buyer, makeInput('tok_visa'));
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
  const subscription = await findRunning(buyer, plan);
  assert.deepEqual(subscription?.created_at, ctx.clock.now(), 'the subscription begins at the instant of its order');
  assert.equal(subscription.ends_at.toISOString(), '2026-04-10T15:00:00.000Z');
  assert.deepEqual(await findCart(buyer), []);
});

// C1
test('twelve prepaid months with a 10% discount are one order of $972.00', async () => {
  const buyer = await makeBuyer();
  const plan = await makePlan(ctx, {
    period_amount: 9000,
    advance_discounts: [{ discount_type: 'percentage', discount_value: 1000, length: 12 }],
  });
  await addPlanToCart(buyer, plan, 2);
  const charge = await checkOutCart(buyer, makeInput('tok_visa'));
  assert.equal(charge?.amount, 97_200);
  assert.equal((await findRunning(buyer, plan))?.ends_at.toISOString(), '2027-03-10T15:00:00.000Z');
  const [line] = await database.db.selectFrom('order_lines').selectAll().where('plan_id', '=', plan.id).execute();
  assert.equal(line?.periods_count, 12);
  assert.equal(line.description, `Subscription to ${plan.slug} until 2027/03/10 (12 months) - a 10% discount`);
});

// C14
test('a coupon of 100% makes an order without a charge', async () => {
  const buyer = await makeBuyer();
  const plan = await makePlan(ctx);
  const coupon = await makeCoupon(ctx, { discount_value: 10_000, nb_attempts: 3 });
  await addPlanToCart(buyer, plan);
  await redeemCoupon(buyer.ctx, buyer.owner, coupon.code);
  assert.equal(await checkOutCart(buyer, makeInput(null)), null);
  assert.deepEqual(await entriesOf(buyer), [`cowork:Receivable → ${buyer.profile.slug}:Payable 0`]);
  assert.deepEqual(await chargesOf(buyer), []);
  assert.ok(await findRunning(buyer, plan));
  const left = await database.db
    .selectFrom('coupons')
    .select('nb_attempts')
    .where('id', '=', coupon.id)
    .executeTakeFirst();
  assert.equal(left?.nb_attempts, 2, 'one redemption per order');
});

// C15
test('a declined card leaves no subscription and no entry; the cart and the coupon are unchanged', async () => {
  const buyer = await makeBuyer();
  const plan = await makePlan(ctx);
  const coupon = await makeCoupon(ctx, { nb_attempts: 1 });
  await addPlanToCart(buyer, plan);
  await redeemCoupon(buyer.ctx, buyer.owner, coupon.code);
  await assert.rejects(checkOutCart(buyer, makeInput('4000000000000002')), isProblem('card_declined'));
  assert.deepEqual(await entriesOf(buyer), []);
  assert.deepEqual(await chargesOf(buyer), []);
  assert.equal(await findRunning(buyer, plan), undefined);
  assert.equal((await findCart(buyer)).length, 1);
  const left = await database.db
    .selectFrom('coupons')
    .select('nb_attempts')
    .where('id', '=', coupon.id)
    .executeTakeFirst();
  assert.equal(left?.nb_attempts, 1);
  const charge = await checkOutCart(buyer, makeInput('4242424242424242'));
  assert.equal(charge?.amount, 1000, 'another card is charged immediately');
});

// C16
test('six concurrent checkouts of one cart charge once', async () => {
  const buyer = await makeBuyer();
  const plan = await makePlan(ctx);
  await addPlanToCart(buyer, plan);
  const outcomes = await Promise.allSettled(
    Array.from({ length: 6 }, () => checkOutCart(buyer, makeInput('tok_visa'))),
  );
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
  assert.deepEqual(await findChargedAmounts(buyer), [2000]);
  assert.equal((await chargesOf(buyer)).length, 1);
});

test('two of six concurrent buyers succeed with a coupon that has two redemptions left', async () => {
  const plan = await makePlan(ctx);
  const coupon = await makeCoupon(ctx, { nb_attempts: 2 });
  const buyers = await Promise.all(Array.from({ length: 6 }, makeBuyer));
  for (const buyer of buyers) {
    await addPlanToCart(buyer, plan);
    await redeemCoupon(buyer.ctx, buyer.owner, coupon.code);
  }
  const outcomes = await Promise.allSettled(buyers.map((buyer) => checkOutCart(buyer, makeInput('tok_visa'))));
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 2);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') assert.ok(isProblem('cart_changed')(outcome.reason), String(outcome.reason));
  }
});

test('the job settles an order whose response was lost, once, at the instant of the order', async () => {
  const buyer = await makeBuyer();
  const plan = await makePlan(ctx);
  await addPlanToCart(buyer, plan);
  const ordered_at = ctx.clock.now();
  await assert.rejects(checkOutCart(buyer, makeInput('tok_timeout')), isProblem('payment_unknown'));
  assert.equal(await findRunning(buyer, plan), undefined, 'there is no subscription while the outcome is unknown');
  await assert.rejects(
    checkOutCart(buyer, makeInput('tok_visa')),
    isProblem('checkout_in_flight'),
    'a second checkout charges nothing',
  );
  ctx.clock.set(new Date(ordered_at.getTime() + 90_000));
  const [first, second] = await Promise.all([finishOrders(buyer.ctx), finishOrders(buyer.ctx)]);
  assert.ok(first + second >= 1);
  assert.deepEqual(await findChargedAmounts(buyer), [2000]);
  assert.equal((await chargesOf(buyer)).length, 1);
  assert.deepEqual((await findRunning(buyer, plan))?.created_at, ordered_at);
  assert.equal((await entriesOf(buyer)).length, 6);
});

test('an order whose charge never reached the processor is given up after two minutes, and the cart can be ordered again when its payment can no longer appear', async () => {
  const buyer = await makeBuyer();
  const plan = await makePlan(ctx);
  const coupon = await makeCoupon(ctx, { nb_attempts: 1 });
  await addPlanToCart(buyer, plan);
  await redeemCoupon(buyer.ctx, buyer.owner, coupon.code);
  const at = ctx.clock.now();
  await reserveOrder(buyer.ctx, buyer.profile.id, buyer.owner, makeInput('tok_visa'));
  ctx.clock.set(new Date(at.getTime() + 60_000));
  await finishOrders(buyer.ctx);
  await assert.rejects(
    checkOutCart(buyer, makeInput('tok_visa')),
    isProblem('checkout_in_flight'),
    'the order is still open after a minute',
  );
  ctx.clock.set(new Date(at.getTime() + 180_000));
  await finishOrders(buyer.ctx);
  assert.deepEqual(await findChargedAmounts(buyer), []);
  await assert.rejects(
    checkOutCart(buyer, makeInput('tok_visa')),
    isProblem('cart_changed'),
    'the last redemption is kept while the payment may still appear',
  );
  ctx.clock.set(new Date(at.getTime() + 4_000_000));
  await finishOrders(buyer.ctx);
  const charge = await checkOutCart(buyer, makeInput('tok_visa'));
  assert.equal(charge?.amount, 1000, 'the redemption was released');
});

test('a cart or price that changed after it was shown is not charged', async () => {
  const buyer = await makeBuyer();
  const plan = await makePlan(ctx);
  await addPlanToCart(buyer, plan);
  const scope = { payer: buyer.profile, owner: buyer.owner, at: ctx.clock.now() };
  const shown = cartVersion(await loadInvoicables(database.db, scope));
  await addPlanToCart(buyer, await makePlan(ctx));
  await assert.rejects(checkOutCart(buyer, makeInput('tok_visa', { cart_version: shown })), isProblem('cart_changed'));
  assert.deepEqual(await findChargedAmounts(buyer), []);
  const now = cartVersion(await loadInvoicables(database.db, scope));
  assert.equal((await checkOutCart(buyer, makeInput('tok_visa', { cart_version: now })))?.amount, 4000);
});

// A8
test('A8 paying a balance late does not extend the subscription', async () => {
  const buyer = await makeBuyer();
  const plan = await makePlan(ctx);
  await addPlanToCart(buyer, plan);
  const pending = await checkOutCart(buyer, makeInput('4000000000000341'));
  assert.equal(pending?.state, 'created');
  const ends_at = (await findRunning(buyer, plan))?.ends_at;
  await assert.rejects(
    checkOutCart(buyer, makeInput('tok_visa')),
    isProblem('charge_pending'),
    'the same orders are not charged twice (A1)',
  );

  await database.db
    .updateTable('test_processor_charges')
    .set({ state: 'failed' })
    .where('key', '=', pending.processor_key)
    .execute();
  await refreshCharge(ctx, pending);
  await assert.rejects(
    checkOutCart(buyer, makeInput('tok_visa', { balance_only: true })),
    isProblem('cart_changed'),
    'not shown yet',
  );
  await showBalance(buyer.ctx, buyer.profile, buyer.owner, null);
  const paid = await checkOutCart(buyer, makeInput('tok_visa', { balance_only: true }));
  assert.equal(paid?.amount, 2000);
  assert.deepEqual((await findRunning(buyer, plan))?.ends_at, ends_at);
  await assert.rejects(checkOutCart(buyer, makeInput('tok_visa')), isProblem('cart_empty'), 'the balance is paid');
});

test('a plan in another currency is not added to a cart', async () => {
  const buyer = await makeBuyer();
  await addPlanToCart(buyer, await makePlan(ctx, { unit: 'usd' }));
  await assert.rejects(addPlanToCart(buyer, await makePlan(ctx, { unit: 'cad' })), isProblem('currency_mixed'));
});

test('a checkout with an undecided choice is refused; without choices the first option is bought', async () => {
  const buyer = await makeBuyer();
  const plan = await makePlan(ctx, {
    advance_discounts: [{ discount_type: 'percentage', discount_value: 1000, length: 12 }],
  });
  await addPlanToCart(buyer, plan, 0);
  await assert.rejects(
    checkOutCart(buyer, makeInput('tok_visa', { choices: [{ option: 0 }] })),
    isProblem('options_undecided'),
  );
  await assert.rejects(
    checkOutCart(buyer, makeInput('tok_visa', { choices: [{ option: 3 }] })),
    isProblem('options_undecided'),
  );
  assert.equal((await checkOutCart(buyer, makeInput('tok_visa')))?.amount, 2000);
});

test('the setup fee is billed with the first order only', async () => {
  const buyer = await makeBuyer();
  const plan = await makePlan(ctx, { setup_amount: 500 });
  await addPlanToCart(buyer, plan);
  assert.equal((await checkOutCart(buyer, makeInput('tok_visa')))?.amount, 2500);
  await addPlanToCart(buyer, plan);
  assert.equal((await checkOutCart(buyer, makeInput('tok_visa')))?.amount, 2000);
});

test('a checkout without a card and without a card on file is refused and writes nothing', async () => {
  const buyer = await makeBuyer();
  await addPlanToCart(buyer, await makePlan(ctx));
  await assert.rejects(checkOutCart(buyer, makeInput(null)), isProblem('payment_method_absent'));
  const orders = await database.db
    .selectFrom('orders')
    .select('id')
    .where('profile_id', '=', buyer.profile.id)
    .execute();
  assert.deepEqual(orders, []);
});

test('the ledger is balanced after the tests above', async () => {
  assert.deepEqual((await verifyLedger(database.db)).violations, []);
});
