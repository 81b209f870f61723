import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Problem } from '#kernel/problem';
import { randomKey40 } from '#platform/security/crypto';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { type Buyer, makeBuyer, makeCheckoutInput, addPlanToCart } from '../../../test/support/factories/billing.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { finishOrders } from '../orders/finish-orders.ts';
import { findCartItems } from '../records/cart-item-store.ts';
import { billingProblems } from '../problems.ts';
import { checkOut, endingWaitingPayment } from './check-out.ts';

let database: TestDatabase;
let ctx: TestContext;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
});
after(() => database.close());

const isProblem = (code: string) => (error: unknown) => {
  assert(error instanceof Problem, String(error));
  assert.equal(error.code, code);
  return true;
};

/** Checks out with a card whose payment must be confirmed; returns the buyer and a retry with the same key. */
async function startPayment() {
  const buyer = await makeBuyer(ctx);
  await addPlanToCart(buyer, await makePlan(ctx, { period_amount: 2000 }));
  const key = randomKey40();
  const pay = () => checkOut(buyer.ctx, buyer.profile.id, buyer.owner, makeCheckoutInput('tok_authenticate', { key }));
  await assert.rejects(pay(), (error: unknown) => {
    assert(error instanceof Problem, String(error));
    const { processor, redirect_url } = error.extra.members as {
      processor: Record<string, string | null>;
      redirect_url: string | null;
    };
    assert.deepEqual([error.code, error.status, redirect_url], ['action_required', 402, null]);
    assert.match(processor['STRIPE_INTENT_SECRET'] ?? '', /^pi_.+_secret_.+$/);
    return true;
  });
  return { buyer, key, pay };
}

const attemptOf = (key: string) =>
  database.db.selectFrom('charge_attempts').selectAll().where('key', '=', key).executeTakeFirstOrThrow();
const cartCount = async ({ owner }: Buyer) => (await findCartItems(database.db, owner)).length;
const orderState = async ({ profile }: Buyer) =>
  (
    await database.db
      .selectFrom('orders')
      .select('state')
      .where('profile_id', '=', profile.id)
      .executeTakeFirstOrThrow()
  ).state;
const decideAtBank = (key: string, decision: { state: 'done' | 'failed'; outcome: 'accepted' | 'declined' }) =>
  database.db
    .updateTable('test_processor_charges')
    .set({ ...decision, decline_code: decision.state === 'done' ? null : 'authentication_failed' })
    .where('idempotency_key', '=', key)
    .execute();
const advanceClock = (ms: number) => ctx.clock.set(new Date(ctx.clock.now().getTime() + ms));
const minute = 60_000;

test('a payment that must be confirmed takes no money and leaves the order and the cart open', async () => {
  const { buyer, key, pay } = await startPayment();
  const { state, intent_key, expires_at } = await attemptOf(key);
  assert.equal(state, 'awaiting_action');
  assert(intent_key !== null && expires_at !== null);
  assert.deepEqual([await orderState(buyer), await cartCount(buyer)], ['reserved', 1]);
  // A retry makes no second payment.
  await assert.rejects(pay(), isProblem('action_required'));
  // The job makes no second payment either, although the order is old enough to be finished.
  advanceClock(3 * minute);
  await finishOrders(ctx);
  assert.equal(await orderState(buyer), 'reserved');
  const charges = database.db.selectFrom('test_processor_charges').select('key').where('idempotency_key', '=', key);
  assert.equal((await charges.execute()).length, 1);
});

test('after the confirmation a retry with the same key returns the charge, once', async () => {
  const { buyer, key, pay } = await startPayment();
  await decideAtBank(key, { state: 'done', outcome: 'accepted' });
  const charge = await pay();
  assert.deepEqual([charge?.state, charge?.amount], ['done', 2000]);
  assert.equal((await pay())?.id, charge?.id);
  assert.deepEqual([await orderState(buyer), await cartCount(buyer)], ['settled', 0]);
});

test('after the confirmation the job settles the order of a buyer who does not return', async () => {
  const { buyer, key } = await startPayment();
  await decideAtBank(key, { state: 'done', outcome: 'accepted' });
  advanceClock(minute);
  await finishOrders(ctx);
  assert.deepEqual([await orderState(buyer), (await attemptOf(key)).state], ['settled', 'settled']);
});

test('S25: a concurrent request with the same key does not end the payment that waits, and one with another key does', async () => {
  const { buyer, key } = await startPayment();
  const reserve = () => Promise.reject(billingProblems.checkout_in_flight({ retry_after_s: 2 }));
  const again = (sent: string) =>
    endingWaitingPayment(buyer.ctx, buyer.profile.id, reserve, { same: { key: sent, intent_key: null } });
  await assert.rejects(again(key), isProblem('checkout_in_flight'));
  assert.equal((await attemptOf(key)).state, 'awaiting_action');
  await assert.rejects(again(randomKey40()), isProblem('checkout_in_flight'));
  assert.equal((await attemptOf(key)).state, 'declined');
});

test('a payment that the bank does not confirm is declined, and the cart stays', async () => {
  const { buyer, key, pay } = await startPayment();
  await decideAtBank(key, { state: 'failed', outcome: 'declined' });
  await assert.rejects(pay(), isProblem('card_declined'));
  assert.deepEqual([await orderState(buyer), await cartCount(buyer)], ['refused', 1]);
  assert.equal((await attemptOf(key)).state, 'declined');
});

test('a payment that is not confirmed within 30 minutes is abandoned, and the buyer can pay again', async () => {
  const { buyer, key } = await startPayment();
  const again = () => checkOut(buyer.ctx, buyer.profile.id, buyer.owner, makeCheckoutInput('tok_visa'));
  advanceClock(2 * minute);
  await finishOrders(ctx);
  advanceClock(30 * minute);
  await finishOrders(ctx);
  assert.deepEqual([await orderState(buyer), (await attemptOf(key)).decline_code], ['refused', 'abandoned']);
  assert.equal((await again())?.state, 'done');
});

test('a payment that is confirmed just before its end is settled and not abandoned', async () => {
  const { buyer, key } = await startPayment();
  advanceClock(31 * minute);
  await decideAtBank(key, { state: 'done', outcome: 'accepted' });
  await finishOrders(ctx);
  assert.equal(await orderState(buyer), 'settled');
});

test('S25: a second checkout ends the payment that waits, and is charged alone', async () => {
  const { buyer, key, pay } = await startPayment();
  const again = () => checkOut(buyer.ctx, buyer.profile.id, buyer.owner, makeCheckoutInput('tok_visa'));
  assert.equal((await again())?.state, 'done');
  assert.deepEqual([(await attemptOf(key)).state, await cartCount(buyer)], ['declined', 0]);
  await assert.rejects(pay(), isProblem('card_declined'));
});

test('S25: a payment that was confirmed before a second checkout is settled, and the second one charges nothing', async () => {
  const { buyer, key } = await startPayment();
  await decideAtBank(key, { state: 'done', outcome: 'accepted' });
  const again = () => checkOut(buyer.ctx, buyer.profile.id, buyer.owner, makeCheckoutInput('tok_visa'));
  const ends = await Promise.allSettled([again(), again(), finishOrders(ctx)]);
  assert.deepEqual(
    ends.map(({ status }) => status),
    ['rejected', 'rejected', 'fulfilled'],
  );
  const codes = ends.map((end) => end.status === 'rejected' && end.reason instanceof Problem && end.reason.code);
  assert(codes.includes('payment_confirmed'), codes.join());
  const charges = database.db.selectFrom('charges').select('amount').where('profile_id', '=', buyer.profile.id);
  assert.deepEqual(await charges.execute(), [{ amount: 2000 }]);
  assert.deepEqual([await orderState(buyer), await cartCount(buyer)], ['settled', 0]);
});

test('after a crash the job records that a payment waits for confirmation', async () => {
  const { key } = await startPayment();
  await database.db
    .updateTable('charge_attempts')
    .set({ state: 'reserved', intent_key: null, expires_at: null })
    .where('key', '=', key)
    .execute();
  advanceClock(minute);
  await finishOrders(ctx);
  assert.equal((await attemptOf(key)).state, 'awaiting_action');
});

test('concurrent retries and the job settle a confirmed payment once', async () => {
  const { buyer, key, pay } = await startPayment();
  await decideAtBank(key, { state: 'done', outcome: 'accepted' });
  advanceClock(minute);
  const outcomes = await Promise.all([pay(), finishOrders(ctx), pay(), finishOrders(ctx), pay()]);
  const charge_ids = outcomes.flatMap((outcome) => (typeof outcome === 'object' ? (outcome?.id ?? []) : []));
  assert.deepEqual([charge_ids.length, new Set(charge_ids).size], [3, 1]);
  const charges = database.db.selectFrom('charges').select('id').where('profile_id', '=', buyer.profile.id);
  assert.equal((await charges.execute()).length, 1);
  assert.deepEqual([await orderState(buyer), await cartCount(buyer)], ['settled', 0]);
});

test('a payment that was abandoned can no longer be confirmed, and a retry with its key is declined', async () => {
  const { buyer, key, pay } = await startPayment();
  advanceClock(32 * minute);
  await Promise.all([finishOrders(ctx), finishOrders(ctx)]);
  const { outcome } = await database.db
    .selectFrom('test_processor_charges')
    .select('outcome')
    .where('idempotency_key', '=', key)
    .executeTakeFirstOrThrow();
  assert.equal(outcome, 'declined');
  await assert.rejects(pay(), isProblem('card_declined'));
  assert.deepEqual([await orderState(buyer), await cartCount(buyer)], ['refused', 1]);
});
