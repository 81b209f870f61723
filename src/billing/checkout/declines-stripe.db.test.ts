import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { type Call, type ChangeSite, startChanges } from '../../../test/support/changes.ts';
import { startStripe, type EmulatedStripe } from '../../../test/support/stripe-emulator.ts';
import { default_keys } from '../../stripe-emulator/index.ts';

const [stripe_secret_key, stripe_publishable_key] = default_keys;

let site: ChangeSite;
let stripe: EmulatedStripe;
let code: string;
before(async () => {
  const now = new Date('2026-01-10T10:00:00Z');
  let clock: { now(): Date } = { now: () => now };
  stripe = await startStripe({ clock: { now: () => clock.now() } });
  const config = { stripe_secret_key, stripe_publishable_key, stripe_api_url: stripe.emulator.url };
  site = await startChanges({ config: { processor: 'stripe', ...config } });
  clock = site.app.clock;
  await site.plan('basic', { period_amount: 2000 });
  await site.plan('free', { period_amount: 0 });
  ({ code } = await site.coupon({ discount_value: 1000, nb_attempts: 100 }));
});
after(async () => {
  await site.close();
  await stripe[Symbol.asyncDispose]();
});

/** Cards of the specification that are declined, with the code and the text of the response. */
const declined: readonly [card: string, code: string, text: RegExp][] = [
  ['chargeDeclined', 'generic_decline', /use another card/],
  ['chargeDeclinedInsufficientFunds', 'insufficient_funds', /not enough money/],
  ['chargeDeclinedLostCard', 'card_declined', /^Your card was declined. Use another card.$/],
  ['chargeDeclinedStolenCard', 'card_declined', /^Your card was declined. Use another card.$/],
  ['chargeDeclinedExpiredCard', 'expired_card', /expired/],
  ['chargeDeclinedIncorrectCvc', 'incorrect_cvc', /security code/],
  ['chargeDeclinedProcessingError', 'processing_error', /again/],
  ['chargeDeclinedVelocityLimitExceeded', 'card_velocity_exceeded', /card/],
  ['chargeCustomerFail', 'generic_decline', /use another card/],
  ['radarBlock', 'card_declined', /^Your card was declined. Use another card.$/],
  ['riskLevelHighest', 'card_declined', /^Your card was declined. Use another card.$/],
];

/** Rows that a purchase writes, of the whole site; the processor is a party of the ledger. */
async function written() {
  const { rows } = await sql<Record<string, number>>`
    select (select count(*)::int from ledger_entries) as entries, (select count(*)::int from charges) as charges,
      (select count(*)::int from subscriptions) as subscriptions, (select count(*)::int from claims) as seats,
      (select sum(nb_attempts)::int from coupons) as coupon_uses,
      (select count(*)::int from orders where state not in ('refused', 'settled')) as open_orders`.execute(site.app.db);
  return rows[0];
}
const cartOf = async (call: Call, name: string) =>
  (await call('GET', `/api/billing/${name}/checkout`)).json<{ results: unknown[] }>().results;
const pay = (call: Call, name: string, processor_token: string) =>
  call('POST', `/api/billing/${name}/checkout`, { processor_token });

test('S20, S21: each decline refuses the order and leaves cart, coupon, seats and books as they were', async () => {
  const call = await site.register('dana');
  await call('POST', '/api/cart', { plan: 'basic' });
  await call('POST', '/api/cart', { plan: 'basic', sync_on: 'eve@example.com' });
  await call('POST', '/api/cart/redeem', { code });
  const cart = await cartOf(call, 'dana');
  assert.equal(cart.length, 2);
  const before_pay = await written();
  for (const [card, expected, text] of declined) {
    const reply = await pay(call, 'dana', `pm_card_${card}`);
    assert.equal(reply.status, 400, card);
    const body = reply.json<{ code: string; decline_code?: string; detail: string }>();
    assert.deepEqual([body.code, body.decline_code ?? body.code], ['card_declined', expected], card);
    assert.match(body.detail, text, card);
    assert.deepEqual(await cartOf(call, 'dana'), cart, card);
    assert.deepEqual(await written(), before_pay, card);
  }
  assert.equal((await pay(call, 'dana', 'pm_card_visa')).status, 201, 'the cart can still be paid');
});

test('S22: a token that was declined, is too old or is of another account is refused, and takes nothing', async () => {
  const call = await site.register('ewan');
  await call('POST', '/api/cart', { plan: 'basic' });
  const token = async (payment_method: string) =>
    (await stripe.stripe.testHelpers.confirmationTokens.create({ payment_method })).id;
  const refuse = async (id: string, why: string) => {
    const reply = await pay(call, 'ewan', id);
    const { decline_code } = reply.json<{ decline_code?: string }>();
    assert.deepEqual([reply.status, decline_code], [400, 'token_unusable'], why);
  };
  const used = await token('pm_card_chargeDeclined');
  assert.equal((await pay(call, 'ewan', used)).json<{ decline_code?: string }>().decline_code, 'generic_decline');
  await refuse(used, 'declined before');

  const account = await stripe.stripe.accounts.create({});
  const foreign = await stripe.stripe.testHelpers.confirmationTokens.create(
    { payment_method: 'pm_card_visa' },
    { stripeAccount: account.id },
  );
  await refuse(foreign.id, 'of another account');

  const old = await token('pm_card_visa');
  site.app.clock.set(new Date(site.app.clock.now().getTime() + 12 * 3_600_000 + 1000));
  await refuse(old, 'too old');
  assert.equal((await cartOf(call, 'ewan')).length, 1);
});

test('S34: an order of nothing makes no call', async () => {
  const call = await site.register('finn');
  await call('POST', '/api/cart', { plan: 'free' });
  const requests_count = stripe.emulator.control.requests().length;
  const reply = await call('POST', '/api/billing/finn/checkout', {});
  assert.equal(reply.status, 200, reply.text);
  const { rows } = await sql<{ state: string }>`
    select state from orders where profile_id = (select id from profiles where slug = 'finn')`.execute(site.app.db);
  assert.deepEqual(rows, [{ state: 'settled' }]);
  assert.equal(stripe.emulator.control.requests().length, requests_count);
});
