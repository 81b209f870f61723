import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Stripe from 'stripe';
import { findShapeFaults } from './shapes/index.ts';
import { startEmulator, type RunningEmulator } from './start-emulator.ts';

const START = new Date('2026-11-27T12:00:00Z');
const KINDS =
  'account account_link application_fee balance balance_transaction bank_account charge checkout.session ' +
  'confirmation_token customer customer_session dispute event fee_refund item login_link mandate payment_intent ' +
  'payment_method payout radar.early_fraud_warning refund setup_attempt setup_intent token webhook_endpoint';
const seen = new Set<string>();
const faults = new Set<string>();
const bugs: unknown[] = [];
let emulator: RunningEmulator;
let stripe: Stripe;

before(async () => {
  emulator = await startEmulator({ clock: { now: () => START }, on_bug: (error) => bugs.push(error) });
  const { hostname, port } = new URL(emulator.url);
  stripe = new Stripe('sk_test_tollgate', {
    host: hostname,
    port,
    protocol: 'http',
    maxNetworkRetries: 0,
    telemetry: false,
    httpClient: Stripe.createFetchHttpClient(fetchAndCompare),
  });
});
after(() => emulator.stop());

/** Compares every answer with the shapes, the objects inside errors included. */
async function fetchAndCompare(...request: Parameters<typeof fetch>): Promise<Response> {
  const response = await fetch(...request);
  const body: unknown = await response.clone().json();
  const { error } = body as { error?: Record<string, unknown> };
  const objects = error ? [error['payment_intent'], error['setup_intent'], error['payment_method']] : [body];
  for (const object of objects) {
    collectKinds(object);
    for (const fault of findShapeFaults(object)) faults.add(fault);
  }
  return response;
}

function collectKinds(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const inner of Object.values(value)) collectKinds(inner);
  if ('object' in value && typeof value.object === 'string') seen.add(value.object);
}

const pay = (
  payment_method: string,
  change: Partial<Stripe.PaymentIntentCreateParams> = {},
): Stripe.PaymentIntentCreateParams => ({
  amount: 20_000,
  currency: 'usd',
  payment_method,
  confirm: true,
  capture_method: 'automatic',
  return_url: 'https://site.example/',
  expand: ['latest_charge.balance_transaction', 'payment_method', 'customer'],
  ...change,
});

async function makePayments(customer: string): Promise<void> {
  const paid = await stripe.paymentIntents.create(pay('pm_card_visa', { customer, setup_future_usage: 'off_session' }));
  await stripe.refunds.create({ payment_intent: paid.id, amount: 100, expand: ['balance_transaction', 'charge'] });
  await stripe.refunds.list({ payment_intent: paid.id });
  await stripe.charges.list({ expand: ['data.balance_transaction'] });
  for (const method of ['pm_card_chargeDeclined', 'pm_card_radarBlock']) {
    await assert.rejects(stripe.paymentIntents.create(pay(method)), { type: 'StripeCardError' });
  }
  await stripe.paymentIntents.create(pay('pm_card_threeDSecure2Required'));
  await stripe.paymentIntents.create(pay('pm_card_threeDSecure2Required', { use_stripe_sdk: true }));
  await stripe.paymentIntents.create(pay('pm_usBankAccount_success'));
  await stripe.paymentIntents.create(pay('pm_card_createDispute'));
  await stripe.paymentIntents.create(pay('pm_card_createDisputeInquiry'));
  await stripe.paymentIntents.create(pay('pm_card_createIssuerFraudRecord'));
  await emulator.control.advance(1);
  await stripe.radar.earlyFraudWarnings.list({ expand: ['data.charge', 'data.payment_intent'] });
  const { data } = await stripe.disputes.list({ expand: ['data.charge'] });
  for (const { id } of data)
    await stripe.disputes.update(id, { evidence: { uncategorized_text: 'winning_evidence' }, submit: true });
  const held = await stripe.paymentIntents.create(pay('pm_card_visa', { capture_method: 'manual' }));
  await stripe.paymentIntents.capture(held.id, { amount_to_capture: 5000 });
  await stripe.paymentIntents.cancel((await stripe.paymentIntents.create({ amount: 500, currency: 'usd' })).id);
}

async function saveCards(customer: string): Promise<void> {
  const token = await stripe.testHelpers.confirmationTokens.create({ payment_method: 'pm_card_visa' });
  await stripe.confirmationTokens.retrieve(token.id);
  const setup = await stripe.setupIntents.create({
    customer,
    payment_method: 'pm_card_visa',
    confirm: true,
    return_url: 'https://site.example/',
    expand: ['payment_method', 'latest_attempt'],
  });
  if (typeof setup.mandate === 'string') await stripe.mandates.retrieve(setup.mandate);
  await stripe.setupAttempts.list({ setup_intent: setup.id });
  await assert.rejects(
    stripe.setupIntents.create({
      customer,
      payment_method: 'pm_card_chargeDeclined',
      confirm: true,
      return_url: 'https://site.example/',
    }),
    { type: 'StripeCardError' },
  );
  await stripe.setupIntents.create({
    customer,
    payment_method: 'pm_card_authenticationRequired',
    confirm: true,
    return_url: 'https://site.example/',
  });
  const method = await stripe.paymentMethods.attach('pm_card_mastercard', { customer });
  await stripe.paymentMethods.update(method.id, { card: { exp_month: 3 } });
  await stripe.paymentMethods.list({ customer });
  await stripe.paymentMethods.detach(method.id);
  await stripe.tokens.create({ card: { number: '4242424242424242', exp_month: '12', exp_year: '2030', cvc: '123' } });
  await stripe.customerSessions.create({ customer, components: { payment_element: { enabled: true } } });
}

async function connectAccount(): Promise<void> {
  const { id } = await stripe.accounts.create({ type: 'express', business_profile: { name: 'Club' } });
  const account = { stripeAccount: id };
  const back = 'https://site.example/';
  const link = await stripe.accountLinks.create({
    account: id,
    type: 'account_onboarding',
    refresh_url: back,
    return_url: back,
  });
  const page = await (await fetch(link.url)).text();
  const form_key = /name="form_key"\s+value="(\w+)"/.exec(page)?.[1] ?? '';
  await fetch(link.url, {
    method: 'POST',
    body: new URLSearchParams({ form_key, outcome: 'ready' }),
    redirect: 'manual',
  });
  await stripe.accounts.createLoginLink(id);
  await stripe.accounts.list();
  const paid = await stripe.paymentIntents.create(
    pay('pm_card_bypassPending', { application_fee_amount: 1000 }),
    account,
  );
  const charge = paid.latest_charge as Stripe.Charge; // expanded
  const fees = await stripe.applicationFees.list({
    charge: charge.id,
    expand: ['data.charge', 'data.balance_transaction'],
  });
  await stripe.applicationFees.createRefund(fees.data[0]?.id ?? '', { amount: 100, expand: ['fee'] });
  const payout = await stripe.payouts.create(
    { amount: 1000, currency: 'usd', expand: ['destination', 'balance_transaction'] },
    account,
  );
  await stripe.payouts.cancel(payout.id, {}, account);
  await stripe.balance.retrieve({}, account);
  await stripe.balanceTransactions.list({ expand: ['data.source'] }, account);
  await stripe.events.list({ limit: 100 }, account);
  await stripe.accounts.del(id);
}

test('every object that the emulator answers has the fields of the package and no others', async () => {
  const { id: customer } = await stripe.customers.create({ email: 'ann@example.com' });
  await makePayments(customer);
  await saveCards(customer);
  await connectAccount();
  const session = await stripe.checkout.sessions.create({
    mode: 'payment',
    line_items: [{ quantity: 1, price_data: { currency: 'usd', unit_amount: 500, product_data: { name: 'Desk' } } }],
    success_url: 'https://site.example/',
    expand: ['line_items'],
  });
  await stripe.checkout.sessions.listLineItems(session.id);
  const endpoint = await stripe.webhookEndpoints.create({ url: 'https://site.example/hook', enabled_events: ['*'] });
  await stripe.webhookEndpoints.del(endpoint.id);
  await stripe.accounts.retrieveCurrent();
  await stripe.customers.retrieve(customer);
  await stripe.customers.del(customer);
  await emulator.control.advance(5 * 86_400);
  await stripe.events.list({ limit: 100 });
  await stripe.balanceTransactions.list({ limit: 100, expand: ['data.source'] });
  assert.deepEqual([...faults], []);
  assert.deepEqual(
    KINDS.split(' ').filter((kind) => !seen.has(kind)),
    [],
  );
  assert.deepEqual(emulator.control.invariants(), []);
  assert.deepEqual(bugs, []);
});
