import assert from 'node:assert/strict';
import { test } from 'node:test';
import type Stripe from 'stripe';
import { failureOf, startStripe, type EmulatedStripe } from '../../test/support/stripe-emulator.ts';
import { findShapeFaults } from './shapes/index.ts';

const DAY_S = 86_400;
const never = { automatic_payment_methods: { enabled: true, allow_redirects: 'never' } } as const;
const order = { amount: 17999, currency: 'usd', confirm: true, capture_method: 'automatic', ...never } as const;
const club = { stripeAccount: 'acct_club' };

function assertShapes(...values: unknown[]): void {
  for (const value of values) assert.deepEqual(findShapeFaults(JSON.parse(JSON.stringify(value))), []);
}

async function act(site: EmulatedStripe, path: string, body: object): Promise<void> {
  const response = await fetch(`${site.emulator.url}/_emulator/${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
  });
  assert.equal(response.status, 200, await response.text());
}

/** Types of the events since a count, oldest first. */
async function typesOf(stripe: Stripe, options = {}): Promise<string[]> {
  const { data } = await stripe.events.list({ limit: 100 }, options);
  return data.map(({ type }) => type).toReversed();
}

async function totalOf(stripe: Stripe, options = {}): Promise<number> {
  const { available, pending } = await stripe.balance.retrieve({}, options);
  return [...available, ...pending].reduce((sum, { amount }) => sum + amount, 0);
}

test('a direct charge pays fee and share; refunds with the share end where Stripe keeps its fee', async () => {
  await using site = await startStripe({ accounts: ['acct_club'] });
  const { stripe, emulator } = site;
  const intent = await stripe.paymentIntents.create(
    {
      ...order,
      payment_method: 'pm_card_visa',
      application_fee_amount: 1799,
      expand: ['latest_charge.balance_transaction'],
    },
    club,
  );
  const charge = intent.latest_charge as Stripe.Charge;
  const movement = charge.balance_transaction as Stripe.BalanceTransaction;
  assert.deepEqual([movement.amount, movement.fee, movement.net], [17999, 2351, 15648]);
  assert.match(charge.calculated_statement_descriptor ?? '', /club/i);
  assert.deepEqual([await totalOf(stripe, club), await totalOf(stripe)], [15648, 1799]);
  const fee = String(charge.application_fee);
  await stripe.refunds.create({ charge: charge.id, amount: 4000 }, club);
  await stripe.applicationFees.createRefund(fee, { amount: 400 });
  assert.deepEqual([await totalOf(stripe, club), await totalOf(stripe)], [12048, 1399]);
  const rest = await stripe.refunds.create({ charge: charge.id }, club);
  await stripe.applicationFees.createRefund(fee, { amount: 1399 });
  assert.deepEqual([rest.status, await totalOf(stripe, club), await totalOf(stripe)], ['succeeded', -552, 0]);
  const again = await failureOf(stripe.refunds.create({ charge: charge.id }, club));
  assert.equal(again.code, 'charge_already_refunded');
  assert.deepEqual(emulator.control.invariants(), []);
});

test('refunds: pending then succeeded, succeeded then failed, waiting for money', async () => {
  await using site = await startStripe();
  const { stripe, emulator } = site;
  const pay = async (payment_method: string) => (await stripe.paymentIntents.create({ ...order, payment_method })).id;
  const slow = await stripe.refunds.create({ payment_intent: await pay('pm_card_pendingRefund') });
  const failing = await stripe.refunds.create({ payment_intent: await pay('pm_card_refundFail') });
  assert.deepEqual([slow.status, failing.status], ['pending', 'succeeded']);
  await emulator.control.advance(60);
  const [paid, failed] = [await stripe.refunds.retrieve(slow.id), await stripe.refunds.retrieve(failing.id)];
  assert.deepEqual([paid.status, failed.status], ['succeeded', 'failed']);
  assert.match(String(failed.failure_balance_transaction), /^txn_/);
  assertShapes(slow, paid, failed);
  assert.ok((await typesOf(stripe)).includes('refund.failed'));
  const before = await totalOf(stripe);
  const last = await pay('pm_card_bypassPending');
  await emulator.control.advance(3 * DAY_S);
  const { available } = await stripe.balance.retrieve();
  await stripe.payouts.create({ amount: available[0]?.amount ?? 0, currency: 'usd' });
  const waiting = await stripe.refunds.create({ payment_intent: last });
  assert.deepEqual([waiting.status, waiting.pending_reason], ['pending', 'insufficient_funds']);
  await pay('pm_card_visa');
  await pay('pm_card_visa');
  assert.equal((await stripe.refunds.retrieve(waiting.id)).status, 'succeeded');
  assert.ok(before > 0);
  assert.deepEqual(emulator.control.invariants(), []);
});

test('disputes take amount and fee; evidence and the control end them; an inquiry takes nothing', async () => {
  await using site = await startStripe();
  const { stripe, emulator } = site;
  const disputed = await stripe.paymentIntents.create({ ...order, payment_method: 'pm_card_createDispute' });
  const [dispute] = (await stripe.disputes.list({ payment_intent: disputed.id })).data;
  assert.ok(dispute);
  assert.equal(await totalOf(stripe), 17999 - 552 - 17999 - 1500);
  const refused = await failureOf(stripe.refunds.create({ payment_intent: disputed.id }));
  assert.equal(refused.code, 'charge_disputed');
  const won = await stripe.disputes.update(dispute.id, { evidence: { uncategorized_text: 'winning_evidence' } });
  assert.deepEqual([won.status, won.balance_transactions.length], ['won', 2]);
  assert.equal(await totalOf(stripe), 17999 - 552 - 1500);
  const inquiry = await stripe.paymentIntents.create({ ...order, payment_method: 'pm_card_createDisputeInquiry' });
  const [asked] = (await stripe.disputes.list({ payment_intent: inquiry.id })).data;
  assert.deepEqual([asked?.status, asked?.balance_transactions.length], ['warning_needs_response', 0]);
  await act(site, `disputes/${asked?.id}`, { to: 'open' });
  await act(site, `disputes/${asked?.id}`, { to: 'lost' });
  const lost = await stripe.disputes.retrieve(asked?.id ?? '');
  assert.deepEqual([lost.status, lost.balance_transactions.length], ['lost', 1]);
  const later = await stripe.paymentIntents.create({ ...order, payment_method: 'pm_card_visa' });
  await act(site, `charges/${String(later.latest_charge)}/dispute`, { amount: 2000, reason: 'duplicate' });
  assert.equal((await stripe.disputes.list({ payment_intent: later.id })).data[0]?.amount, 2000);
  assertShapes(dispute, won, lost);
  const types = await typesOf(stripe);
  const flow = ['created', 'funds_withdrawn', 'closed', 'funds_reinstated'].map((name) => `charge.dispute.${name}`);
  assert.deepEqual(types.filter((type) => type.startsWith('charge.dispute.')).slice(0, 4), flow);
  assert.deepEqual(emulator.control.invariants(), []);
});

test('a card is saved, asks or declines; a saved card is charged off session and cloned', async () => {
  await using site = await startStripe({ accounts: ['acct_club'] });
  const { stripe } = site;
  const { id: customer } = await stripe.customers.create();
  const save = (payment_method: string) =>
    stripe.setupIntents.create({ customer, payment_method, confirm: true, ...never, usage: 'off_session' });
  const saved = await save('pm_card_visa');
  const declined = await failureOf(save('pm_card_chargeDeclined'));
  const asking = await save('pm_card_authenticationRequiredOnSetup');
  assert.deepEqual([saved.status, declined.code, asking.status], ['succeeded', 'card_declined', 'requires_action']);
  await act(site, `setup_intents/${asking.id}`, { to: 'approve' });
  const done = await stripe.setupIntents.retrieve(asking.id, {
    expand: ['latest_attempt', 'mandate', 'payment_method'],
  });
  assert.equal(done.status, 'succeeded');
  assertShapes(saved, asking, done, declined.setup_intent);
  const methods = await stripe.customers.listPaymentMethods(customer);
  assert.equal(methods.data.length, 2);
  const renewal = { ...order, customer, off_session: true } as const;
  for (const { id } of methods.data)
    assert.equal((await stripe.paymentIntents.create({ ...renewal, payment_method: id })).status, 'succeeded');
  const always = await save('pm_card_authenticationRequired');
  await act(site, `setup_intents/${always.id}`, { to: 'approve' });
  const [newest] = (await stripe.customers.listPaymentMethods(customer)).data;
  const refused = await failureOf(stripe.paymentIntents.create({ ...renewal, payment_method: newest?.id ?? '' }));
  assert.equal(refused.code, 'authentication_required');
  const clone = await stripe.paymentMethods.create({ customer, payment_method: methods.data[0]?.id ?? '' }, club);
  assert.deepEqual([clone.customer, clone.card?.last4], [null, methods.data[0]?.card?.last4]);
  await stripe.paymentMethods.detach(methods.data[0]?.id ?? '');
  const reused = await failureOf(stripe.paymentMethods.attach(methods.data[0]?.id ?? '', { customer }));
  assert.equal(reused.code, 'payment_method_unexpected_state');
});

test('3-D Secure: approved, failed, expired; a confirmation token is used once', async () => {
  await using site = await startStripe();
  const { stripe, emulator } = site;
  const ask = () => stripe.paymentIntents.create({ ...order, payment_method: 'pm_card_threeDSecure2Required' });
  const [approved, failed, expired] = [await ask(), await ask(), await ask()];
  await act(site, `payment_intents/${approved.id}`, { approve: true });
  await act(site, `payment_intents/${failed.id}`, { to: 'fail' });
  await emulator.control.advance(30 * 60);
  const states = [];
  for (const { id } of [approved, failed, expired]) {
    const { status, last_payment_error, latest_charge } = await stripe.paymentIntents.retrieve(id);
    states.push([status, last_payment_error?.code, latest_charge !== null]);
  }
  assert.deepEqual(states, [
    ['succeeded', undefined, true],
    ['requires_payment_method', 'payment_intent_authentication_failure', false],
    ['requires_payment_method', 'payment_intent_payment_attempt_expired', false],
  ]);
  const token = () => stripe.testHelpers.confirmationTokens.create({ payment_method: 'pm_card_visa' });
  const [used, old] = [await token(), await token()];
  const paid = await stripe.paymentIntents.create({ ...order, confirmation_token: used.id });
  assert.equal((await stripe.confirmationTokens.retrieve(used.id)).payment_intent, paid.id);
  assert.equal(
    (await failureOf(stripe.paymentIntents.create({ ...order, confirmation_token: used.id }))).statusCode,
    400,
  );
  await emulator.control.advance(12 * 3_600 + 1);
  assert.equal(
    (await failureOf(stripe.paymentIntents.create({ ...order, confirmation_token: old.id }))).statusCode,
    400,
  );
});

test('a delayed method is paid or fails after four days of the clock', async () => {
  await using site = await startStripe();
  const { stripe, emulator } = site;
  const pay = (payment_method: string) => stripe.paymentIntents.create({ ...order, payment_method });
  const [paid, failed] = [await pay('pm_usBankAccount_success'), await pay('pm_usBankAccount_insufficientFunds')];
  assert.deepEqual([paid.status, failed.status], ['processing', 'processing']);
  await emulator.control.advance(4 * DAY_S);
  const [first, second] = [
    await stripe.paymentIntents.retrieve(paid.id),
    await stripe.paymentIntents.retrieve(failed.id),
  ];
  assert.deepEqual([first.status, second.status], ['succeeded', 'requires_payment_method']);
  assertShapes(first, second, await stripe.charges.list());
  assert.deepEqual(emulator.control.invariants(), []);
});

test('a charge settles in another currency, and its refund at the rate of its own instant', async () => {
  await using site = await startStripe();
  const { stripe, emulator } = site;
  await act(site, 'settings', { exchange_rates: { cad: { to: 'usd', rate: 0.7 } } });
  const cad = { ...order, amount: 10_000, currency: 'cad', payment_method: 'pm_card_visa' } as const;
  const paid = await stripe.paymentIntents.create({ ...cad, expand: ['latest_charge.balance_transaction'] });
  const movement = (paid.latest_charge as Stripe.Charge).balance_transaction as Stripe.BalanceTransaction;
  assert.deepEqual(
    [movement.amount, movement.fee, movement.net, movement.currency, movement.exchange_rate],
    [7000, 233, 6767, 'usd', 0.7],
  );
  emulator.control.change({ exchange_rates: { cad: { to: 'usd', rate: 0.68 } } });
  await stripe.refunds.create({ payment_intent: paid.id });
  assert.equal(await totalOf(stripe), 6767 - 6800);
  assert.deepEqual(emulator.control.invariants(), []);
});

test('a warning of fraud is sent by the card and by the control API, has the shape of Stripe, and ends with a refund', async () => {
  await using site = await startStripe({ accounts: ['acct_club'] });
  const { stripe, emulator } = site;
  const charge = async (payment_method: string, options = {}) =>
    String((await stripe.paymentIntents.create({ ...order, payment_method }, options)).latest_charge);
  const own = await charge('pm_card_createIssuerFraudRecord');
  await emulator.control.advance(1);
  const direct = await charge('pm_card_visa', club);
  await act(site, `charges/${direct}/fraud_warning`, { fraud_type: 'made_with_stolen_card' });
  const unknown = await fetch(`${emulator.url}/_emulator/charges/${own}/fraud_warning`, {
    method: 'POST',
    body: JSON.stringify({ fraud_type: 'none' }),
  });
  assert.equal(unknown.status, 400);

  const [warning] = (await stripe.radar.earlyFraudWarnings.list({ charge: own })).data;
  assert(warning);
  assertShapes(warning);
  // The fields of the sample that Stripe publishes, and the intent, which the types have since.
  assert.deepEqual(
    Object.keys(warning).toSorted(),
    'actionable charge created fraud_type id livemode object payment_intent'.split(' '),
  );
  assert.deepEqual([warning.actionable, warning.fraud_type], [true, 'unauthorized_use_of_card']);
  assert.match(warning.id, /^issfr_/);
  assert.deepEqual(await stripe.radar.earlyFraudWarnings.retrieve(warning.id), warning);
  assert.deepEqual((await stripe.radar.earlyFraudWarnings.list({ charge: direct })).data, []);
  assert.equal((await stripe.radar.earlyFraudWarnings.list({ charge: direct }, club)).data.length, 1);

  await stripe.refunds.create({ charge: own, amount: 1 });
  assert.equal((await stripe.radar.earlyFraudWarnings.retrieve(warning.id)).actionable, true);
  await stripe.refunds.create({ charge: own });
  assert.equal((await stripe.radar.earlyFraudWarnings.retrieve(warning.id)).actionable, false);
  await act(site, `charges/${direct}/dispute`, {});
  const kind = 'radar.early_fraud_warning';
  for (const options of [{}, club]) {
    const types = (await typesOf(stripe, options)).filter((type) => type.startsWith(kind));
    assert.deepEqual(types, [`${kind}.created`, `${kind}.updated`]);
  }
});
