import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Stripe from 'stripe';
import { findShapeFaults } from '../shapes/index.ts';
import { startEmulator, type RunningEmulator } from '../start-emulator.ts';

const START = new Date('2026-11-27T12:00:00Z');
const DAY_S = 86_400;
let emulator: RunningEmulator;
let stripe: Stripe;
const bugs: unknown[] = [];

before(async () => {
  emulator = await startEmulator({
    clock: { now: () => START },
    webhooks: [{ url: 'http://127.0.0.1:9/', secret: 'whsec_1' }],
    on_bug: (error) => bugs.push(error),
  });
  const { hostname, port } = new URL(emulator.url);
  stripe = new Stripe('sk_test_tollgate', {
    host: hostname,
    port,
    protocol: 'http',
    maxNetworkRetries: 0,
    telemetry: false,
  });
});
after(async () => {
  await emulator.stop();
  assert.deepEqual(bugs, []);
});

/** Fails when an answer differs from Stripe's shapes. */
function whole<T extends object>(value: T): T {
  assert.deepEqual(findShapeFaults(JSON.parse(JSON.stringify(value))), []);
  return value;
}

const create = {
  controller: {
    fees: { payer: 'account' },
    losses: { payments: 'stripe' },
    stripe_dashboard: { type: 'full' },
    requirement_collection: 'stripe',
  },
  capabilities: { card_payments: { requested: true } },
  email: 'club@example.com',
  business_profile: { name: 'Café Club & Söhne', url: 'https://club.example.com' },
  metadata: { tollgate_profile: '7' },
} as const;

async function connect(): Promise<Stripe.Account> {
  const account = whole(await stripe.accounts.create(create));
  await onboard(account.id, 'ready');
  return stripe.accounts.retrieve(account.id);
}

/** Walks through the onboarding page; returns the address that it leads to. */
async function onboard(account: string, outcome: string): Promise<string> {
  const link = await stripe.accountLinks.create({
    account,
    type: 'account_onboarding',
    refresh_url: 'https://site.example/refresh',
    return_url: 'https://site.example/return',
  });
  whole(link);
  const page = await (await fetch(link.url)).text();
  const form_key = /name="form_key"\s+value="(\w+)"/.exec(page)?.[1] ?? '';
  const body = new URLSearchParams({ form_key, outcome });
  const response = await fetch(link.url, { method: 'POST', body, redirect: 'manual' });
  return response.headers.get('location') ?? '';
}

async function typesOf(account: string): Promise<string[]> {
  const { data } = await stripe.events.list({ limit: 100 }, account === '' ? {} : { stripeAccount: account });
  return data.map(({ type }) => type).toReversed();
}

test('a new account can neither charge nor be paid, and lists what is due; the onboarding page completes it', async () => {
  const account = whole(await stripe.accounts.create(create));
  assert.deepEqual(
    [account.charges_enabled, account.payouts_enabled, account.details_submitted],
    [false, false, false],
  );
  assert.ok(account.requirements?.currently_due?.includes('external_account'));
  assert.equal(account.controller?.fees?.payer, 'account');
  assert.equal(account.settings?.card_payments.statement_descriptor_prefix, 'CAFE CLUB');
  assert.equal(await onboard(account.id, 'ready'), 'https://site.example/return');
  const ready = whole(await stripe.accounts.retrieve(account.id));
  assert.deepEqual(
    [ready.charges_enabled, ready.payouts_enabled, ready.capabilities?.card_payments],
    [true, true, 'active'],
  );
  assert.equal(ready.external_accounts?.data.length, 1);
  assert.deepEqual(await typesOf(account.id), ['account.updated']);
});

test('an onboarding link works once, for five minutes; later it leads to the refresh address', async () => {
  const { id } = await stripe.accounts.create(create);
  const make = () =>
    stripe.accountLinks.create({
      account: id,
      type: 'account_onboarding',
      refresh_url: 'https://site.example/refresh',
      return_url: 'https://site.example/return',
    });
  const visit = async (url: string, init: RequestInit = {}) => {
    const response = await fetch(url, { redirect: 'manual', ...init });
    return response.status === 200 ? 'page' : response.headers.get('location');
  };
  const used = await make();
  assert.deepEqual([await visit(used.url), await visit(used.url)], ['page', 'https://site.example/refresh']);
  const forged = new URLSearchParams({ form_key: 'x', outcome: 'ready' });
  assert.equal(await visit(used.url, { method: 'POST', body: forged }), 'https://site.example/refresh');
  assert.equal((await stripe.accounts.retrieve(id)).charges_enabled, false);
  const old = await make();
  await emulator.control.advance(300);
  assert.equal(await visit(old.url), 'https://site.example/refresh');
  assert.equal(await onboard(id, 'leave'), 'https://site.example/return');
  assert.equal((await stripe.accounts.retrieve(id)).charges_enabled, false);
});

test('an update merges, and a deleted account is gone', async () => {
  const { id } = await stripe.accounts.create(create);
  const updated = await stripe.accounts.update(id, {
    metadata: { a: '1' },
    business_profile: { url: 'https://other.example.com' },
    external_account: {
      object: 'bank_account',
      country: 'US',
      currency: 'usd',
      account_number: '000999999991',
      routing_number: '110000000',
    },
  });
  whole(updated);
  assert.deepEqual(updated.metadata, { tollgate_profile: '7', a: '1' });
  assert.equal(updated.business_profile?.name, create.business_profile.name);
  assert.ok(!JSON.stringify(updated).includes('000999999991'));
  assert.deepEqual({ ...(await stripe.accounts.del(id)) }, { id, object: 'account', deleted: true });
  await assert.rejects(stripe.accounts.retrieve(id), { code: 'resource_missing', statusCode: 404 });
  const { data } = await stripe.accounts.list({ limit: 100 });
  assert.ok(data.every((account) => account.id !== id && account.charges_enabled !== undefined));
});

test('the platform has an account of its own, which the list of accounts leaves out', async () => {
  const own = whole(await stripe.accounts.retrieveCurrent());
  assert.equal(own.charges_enabled, true);
  const { data } = whole(await stripe.accounts.list({ limit: 100 }));
  assert.ok(!data.some(({ id }) => id === own.id));
});

test('the share of the platform is refunded in parts, up to the whole', async () => {
  const { id } = await connect();
  const options = { stripeAccount: id };
  const intent = await stripe.paymentIntents.create(
    {
      amount: 17_999,
      currency: 'usd',
      application_fee_amount: 1799,
      statement_descriptor_suffix: 'Desk',
      payment_method: 'pm_card_visa',
      confirm: true,
      capture_method: 'automatic',
      automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    },
    options,
  );
  const fees = whole(await stripe.applicationFees.list({ charge: String(intent.latest_charge) }));
  const fee = fees.data[0];
  assert.ok(fee);
  const charge = whole(await stripe.charges.retrieve(String(intent.latest_charge), {}, options));
  assert.equal(charge.calculated_statement_descriptor, 'CAFE CLUB* Desk');
  assert.deepEqual([fee.amount, fee.account], [1799, id]);
  const first = whole(await stripe.applicationFees.createRefund(fee.id, { amount: 400, metadata: { a: '1' } }));
  assert.equal(first.amount, 400);
  await assert.rejects(stripe.applicationFees.createRefund(fee.id, { amount: 1400 }), {
    statusCode: 400,
    param: 'amount',
  });
  const rest = await stripe.applicationFees.createRefund(fee.id, {});
  assert.equal(rest.amount, 1399);
  await assert.rejects(stripe.applicationFees.createRefund(fee.id, {}), { code: 'application_fee_already_refunded' });
  const after = whole(await stripe.applicationFees.retrieve(fee.id));
  assert.deepEqual([after.amount_refunded, after.refunded, after.refunds.data.length], [1799, true, 2]);
  whole(await stripe.applicationFees.listRefunds(fee.id));
  whole(await stripe.applicationFees.retrieveRefund(fee.id, first.id));
  await assert.rejects(stripe.applicationFees.retrieveRefund('fee_none', first.id), { statusCode: 404 });
  assert.ok(
    (await typesOf(''))
      .filter((type) => type.startsWith('application_fee'))
      .join()
      .startsWith('application_fee.created,application_fee.refunded'),
  );
  const balance = await stripe.balance.retrieve({}, options);
  assert.deepEqual(
    [...balance.pending, ...balance.available].map(({ amount }) => amount).reduce((a, b) => a + b),
    17_999 - 552,
  );
  assert.deepEqual(emulator.control.invariants(), []);
});

test('a payout takes available money only, and moves with the clock', async () => {
  const { id } = await connect();
  const options = { stripeAccount: id };
  const pay = (payment_method: string) =>
    stripe.paymentIntents.create(
      {
        amount: 10_000,
        currency: 'usd',
        payment_method,
        confirm: true,
        capture_method: 'automatic',
        automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
      },
      options,
    );
  await pay('pm_card_visa');
  await assert.rejects(stripe.payouts.create({ amount: 100, currency: 'usd' }, options), {
    code: 'balance_insufficient',
    statusCode: 400,
  });
  await pay('pm_card_bypassPending');
  const make = (amount: number) => stripe.payouts.create({ amount, currency: 'usd', metadata: { a: '1' } }, options);
  const paid = whole(await make(5000));
  assert.deepEqual([paid.status, paid.automatic], ['pending', false]);
  const canceled = whole(await stripe.payouts.cancel((await make(1000)).id, {}, options));
  assert.equal(canceled.status, 'canceled');
  assert.notEqual(canceled.failure_balance_transaction, null);
  await assert.rejects(make(5000), { code: 'balance_insufficient' });
  await emulator.control.advance(3600);
  assert.equal((await stripe.payouts.retrieve(paid.id, {}, options)).status, 'in_transit');
  await assert.rejects(stripe.payouts.cancel(paid.id, {}, options), { statusCode: 400 });
  await assert.rejects(stripe.payouts.reverse(paid.id, {}, options), { statusCode: 400 });
  await emulator.control.advance(2 * DAY_S);
  assert.equal(whole(await stripe.payouts.retrieve(paid.id, {}, options)).status, 'paid');
  const reversal = whole(await stripe.payouts.reverse(paid.id, {}, options));
  assert.deepEqual([reversal.amount, reversal.original_payout], [-5000, paid.id]);
  await assert.rejects(stripe.payouts.reverse(paid.id, {}, options), { statusCode: 400 });
  const types = (await typesOf(id)).filter((type) => type.startsWith('payout.'));
  assert.deepEqual(types.slice(0, 5), [
    'payout.created',
    'payout.created',
    'payout.canceled',
    'payout.updated',
    'payout.paid',
  ]);
  assert.deepEqual(
    whole(await stripe.payouts.list({ status: 'canceled' }, options)).data.map((each) => each.id),
    [canceled.id],
  );
  await assert.rejects(stripe.payouts.create({ amount: 150, currency: 'huf' }, options), { param: 'amount' });
  assert.deepEqual(emulator.control.invariants(), []);
});

test('daily payouts pay out what is available, each day', async () => {
  const { id } = await connect();
  const options = { stripeAccount: id };
  await stripe.accounts.update(id, { settings: { payouts: { schedule: { interval: 'daily' } } } });
  await stripe.paymentIntents.create(
    {
      amount: 10_000,
      currency: 'usd',
      payment_method: 'pm_card_visa',
      confirm: true,
      capture_method: 'automatic',
      automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    },
    options,
  );
  await emulator.control.advance(6 * DAY_S);
  const { data } = await stripe.payouts.list({}, options);
  assert.deepEqual(
    data.map(({ amount, status, automatic, reconciliation_status }) => [
      amount,
      status,
      automatic,
      reconciliation_status,
    ]),
    [[9680, 'paid', true, 'completed']],
  );
  assert.ok((await typesOf(id)).includes('payout.reconciliation_completed'));
});
