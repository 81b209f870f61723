import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Stripe } from 'stripe';
import { verifyLedger } from '#ledger';
import { connectBank } from '#payments';
import { next } from '../../../test/support/factories.ts';
import { type Call, type ChangeSite } from '../../../test/support/changes.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { runJob } from '../../../test/support/run-job.ts';
import { type StripeChanges, startStripeChanges, stripeClient } from '../../../test/support/stripe-changes.ts';
import { default_keys } from '../../stripe-emulator/index.ts';

const minute = 60_000;

let stripe: StripeChanges;
let site: ChangeSite;
let emulator: StripeChanges['emulator'];
let client: Stripe;
/** The script of Stripe in the browser of the payer. */
let browser: Stripe;
before(async () => {
  stripe = await startStripeChanges({}, ['sk_live_tollgate']);
  ({ site, emulator, client } = stripe);
  browser = stripeClient(emulator, default_keys[1]);
  await site.plan('basic', { period_amount: 2000 });
  await site.plan('more', { period_amount: 3000 });
});
after(() => stripe.close());

const advance = (ms: number) => site.app.clock.set(new Date(site.app.clock.now().getTime() + ms));

interface Payer {
  name: string;
  call: Call;
  quote(): Promise<Record<string, string | null>>;
  secret(): Promise<string>;
  post(body: object): ReturnType<Call>;
}

/** A payer with a plan in the cart. */
async function makePayer(plan = 'basic'): Promise<Payer> {
  const name = next('payer');
  const call = await site.register(name);
  await call('POST', '/api/cart', { plan });
  const url = `/api/billing/${name}/checkout`;
  const quote = async () => (await call('GET', url)).json<{ processor: Record<string, string | null> }>().processor;
  return {
    name,
    call,
    quote,
    async secret() {
      const { STRIPE_INTENT_SECRET: secret, ...keys } = await quote();
      assert.deepEqual(keys, { STRIPE_PUB_KEY: default_keys[1], STRIPE_ACCOUNT: null });
      return secret ?? assert.fail('the quote has no secret');
    },
    post: (body) => call('POST', url, body),
  };
}

const idOf = (secret: string) => secret.replace(/_secret_.*$/, '');

/** Confirms the payment in the browser; returns its key. */
async function confirmThere(client_secret: string, payment_method = 'pm_card_visa'): Promise<string> {
  const id = idOf(client_secret);
  const params = { client_secret, payment_method, return_url: 'https://payer.test/' };
  await browser.paymentIntents.confirm(id, params);
  return id;
}

/** Chooses a card in the browser and leaves the confirmation to the server. */
async function chooseCard(secret: string, payment_method = 'pm_card_visa'): Promise<string> {
  await client.paymentIntents.update(idOf(secret), { payment_method });
  return idOf(secret);
}

const codeOf = (response: Awaited<ReturnType<Call>>) =>
  `${response.status} ${response.json<{ code?: string }>().code ?? ''}`.trim();
const profileId = async (name: string) =>
  (await site.app.db.selectFrom('profiles').select('id').where('slug', '=', name).executeTakeFirstOrThrow()).id;
async function stateOf({ name }: Payer) {
  const id = await profileId(name);
  const { db } = site.app;
  const orders = await db.selectFrom('orders').select('state').where('profile_id', '=', id).orderBy('id').execute();
  const charges = await db.selectFrom('charges').selectAll().where('profile_id', '=', id).execute();
  return {
    orders: orders.map(({ state }) => state),
    charges: charges.map(({ amount, state }) => `${amount} ${state}`),
  };
}
const paid = { orders: ['settled'], charges: ['2000 done'] };
const nothing = { orders: [], charges: [] };
const installation = async () =>
  (await site.app.db.selectFrom('sites').select('installation').executeTakeFirstOrThrow()).installation;
const customerOf = async ({ name }: Payer) =>
  (
    await site.app.db
      .selectFrom('processor_customers')
      .select('customer_key')
      .where('profile_id', '=', await profileId(name))
      .executeTakeFirstOrThrow()
  ).customer_key;

/** Makes a payment at Stripe as the site would, except for some facts; returns its key. */
async function forge(
  payer: Payer,
  more: Stripe.PaymentIntentCreateParams & { pay?: boolean },
  metadata: Record<string, string> = {},
) {
  const { pay = true, ...given } = more;
  await payer.secret();
  const { id } = await client.paymentIntents.create({
    customer: await customerOf(payer),
    capture_method: 'automatic',
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    payment_method: 'pm_card_visa',
    confirm: pay,
    ...given,
    metadata: { tollgate_site: await installation(), tollgate_profile: '1', ...metadata },
  });
  return id;
}

test('an API client gets one open payment of the sum of the lines, and a changed cart changes it', async () => {
  const payer = await makePayer();
  const secret = await payer.secret();
  assert.equal(await payer.secret(), secret);
  const before = await client.paymentIntents.retrieve(idOf(secret));
  assert.deepEqual(
    [before.amount, before.currency, before.status, before.setup_future_usage, before.capture_method],
    [2000, 'usd', 'requires_payment_method', 'off_session', 'automatic'],
  );
  assert.deepEqual(before.metadata, {
    tollgate_site: await installation(),
    tollgate_profile: String(await profileId(payer.name)),
  });
  await payer.call('POST', '/api/cart', { plan: 'more' });
  assert.equal(await payer.secret(), secret);
  assert.equal((await client.paymentIntents.retrieve(idOf(secret))).amount, 5000);
  const created = emulator.control
    .requests()
    .filter(({ method, path }) => method === 'POST' && path === '/v1/payment_intents');
  assert.equal(created.length, 1);
});

test('a quote has no secret when nothing is to pay, for a provider or the broker, and when Stripe fails', async () => {
  const payer = await makePayer();
  const url = `/api/billing/${payer.name}/checkout`;
  emulator.control.addFault({ name: '500_before', match: { path: '/v1/payment_intents' } });
  const failed = await payer.call('GET', url);
  emulator.control.clearFaults();
  assert.deepEqual([failed.status, failed.json<Quote>().processor.STRIPE_INTENT_SECRET], [200, null]);
  const seen = await site.broker('GET', url);
  assert.deepEqual([seen.status, seen.json<Quote>().processor.STRIPE_INTENT_SECRET], [200, null]);
  const name = next('empty');
  const empty = await site.register(name);
  const response = await empty('GET', `/api/billing/${name}/checkout`);
  assert.deepEqual([response.status, response.json<Quote>().processor.STRIPE_INTENT_SECRET], [200, null]);
  assert.match(await payer.secret(), /^pi_/);
});
interface Quote {
  processor: { STRIPE_INTENT_SECRET: string | null };
}

test('a quote with open options has no secret until an option is chosen', async () => {
  await site.plan('choice', {
    period_amount: 1000,
    advance_discounts: [{ discount_type: 'percentage', discount_value: 1000, length: 12 }],
  } as never);
  const payer = await makePayer('choice');
  assert.equal((await payer.quote())['STRIPE_INTENT_SECRET'], null);
  await payer.call('POST', '/api/cart', { plan: 'choice', option: 1 });
  const secret = await payer.secret();
  assert.equal((await client.paymentIntents.retrieve(idOf(secret))).amount, 1000);
});

test('the eleventh quote of a minute has no secret', async () => {
  const payer = await makePayer();
  for (let count = 0; count < 10; count += 1) await payer.secret();
  assert.equal((await payer.quote())['STRIPE_INTENT_SECRET'], null);
});

test('the pages of the site open no payment', async () => {
  const payer = await makePayer();
  const before_count = emulator.control.requests().length;
  assert.equal((await payer.call('GET', `/billing/${payer.name}/checkout/`)).status, 200);
  assert.equal(emulator.control.requests().length, before_count);
});

for (const where of ['in the browser', 'by the server'] as const) {
  test(`a payment that is confirmed ${where} pays the order once, and its key pays no other`, async () => {
    const payer = await makePayer();
    const secret = await payer.secret();
    const processor_token = where === 'in the browser' ? await confirmThere(secret) : await chooseCard(secret);
    const first = await payer.post({ processor_token });
    assert.deepEqual([first.status, first.json<{ amount: number }>().amount], [201, 2000]);
    assert.deepEqual(await stateOf(payer), paid);
    const again = await payer.post({ processor_token });
    assert.equal(codeOf(again), '409 intent_used');
    assert.match(again.json<{ charge: string }>().charge, /^ch_/);
    await payer.call('POST', '/api/cart', { plan: 'basic' });
    assert.equal(codeOf(await payer.post({ processor_token })), '409 intent_used');
    assert.notEqual(idOf(await payer.secret()), processor_token);
  });
}

test('S37: of two requests with one paid payment at the same time one is an order', async () => {
  const payer = await makePayer();
  const processor_token = await confirmThere(await payer.secret());
  const answers = await Promise.all([payer.post({ processor_token }), payer.post({ processor_token })]);
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [201, 409]);
  assert.deepEqual(await stateOf(payer), paid);
});

test('S37: a payment with an empty cart pays nothing, and is refused', async () => {
  const payer = await makePayer();
  const processor_token = await confirmThere(await payer.secret());
  await payer.call('DELETE', '/api/cart');
  assert.match(codeOf(await payer.post({ processor_token })), /^409 /);
  assert.deepEqual((await stateOf(payer)).charges, []);
});

test('S38: a payment that was refunded at Stripe pays no order', async () => {
  const payer = await makePayer();
  const processor_token = await confirmThere(await payer.secret());
  const { latest_charge } = await client.paymentIntents.retrieve(processor_token);
  await client.refunds.create({ charge: String(latest_charge), amount: 500 });
  assert.equal(codeOf(await payer.post({ processor_token })), '400 intent_unusable');
  assert.deepEqual((await stateOf(payer)).charges, []);
});

test('S38: a refund whose message came before the order is booked', async () => {
  const payer = await makePayer();
  const processor_token = await confirmThere(await payer.secret());
  const { latest_charge } = await client.paymentIntents.retrieve(processor_token);
  const charge = String(latest_charge);
  const learn = async () => {
    for (const job of ['sweep_processor_events', ...Array<string>(5).fill('handle_processor_events')]) {
      await runJob(site.app.tollgate, job);
      advance(6 * minute);
    }
  };
  await learn();
  assert.equal((await payer.post({ processor_token })).status, 201);
  // A node that did not know the order yet handled the message as one about a payment without an order.
  await client.refunds.create({ charge, amount: 500 });
  await runJob(site.app.tollgate, 'sweep_processor_events');
  await site.app.db.updateTable('processor_events').set({ state: 'done' }).where('object_key', '=', charge).execute();
  advance(120 * minute);
  await runJob(site.app.tollgate, 'refund_orphans');
  const refunds = site.app.db.selectFrom('refunds').innerJoin('charges', 'charges.id', 'charge_id');
  const booked = await refunds
    .select(['refunds.amount', 'refunds.state'])
    .where('charges.processor_key', '=', charge)
    .execute();
  assert.deepEqual(booked, [{ amount: 500, state: 'settled' }]);
});

test('S37: one payment on two profiles at the same time pays its payer only', async () => {
  const [payer, other] = [await makePayer(), await makePayer()];
  await other.secret();
  const processor_token = await confirmThere(await payer.secret());
  const [refused, made] = await Promise.all([other.post({ processor_token }), payer.post({ processor_token })]);
  assert.deepEqual([codeOf(refused), made.status], ['400 intent_foreign', 201]);
  assert.deepEqual([await stateOf(payer), await stateOf(other)], [paid, nothing]);
  // The key that another payer knows stays refused, and takes nothing from its payer.
  assert.equal(codeOf(await other.post({ processor_token })), '400 intent_foreign');
});

test('S36: a payment of another amount, currency, customer or site, or an unknown one pays nothing', async () => {
  const [payer, other] = [await makePayer(), await makePayer()];
  await other.secret();
  const hostile: [string, string][] = [
    [await forge(payer, { amount: 50, currency: 'usd', pay: false }), '409 cart_changed'],
    [await forge(payer, { amount: 2000, currency: 'eur', pay: false }), '409 cart_changed'],
    [await forge(payer, { amount: 2000, currency: 'usd', customer: await customerOf(other) }), '400 intent_foreign'],
    [await forge(payer, { amount: 2000, currency: 'usd' }, { tollgate_site: 'x'.repeat(32) }), '400 intent_foreign'],
    [await forge(payer, { amount: 2000, currency: 'usd' }, { tollgate_attempt: 'a' }), '409 intent_used'],
    [await forge(payer, { amount: 2000, currency: 'usd', capture_method: 'manual' }), '400 intent_unusable'],
    [idOf(await payer.secret()), '400 intent_unusable'],
    ['pi_unknown', '400 intent_unknown'],
  ];
  for (const [processor_token, code] of hostile)
    assert.equal(codeOf(await payer.post({ processor_token })), code, processor_token);
  assert.deepEqual(await stateOf(payer), nothing);
  // A payment of the wrong amount took no order from the right one.
  const processor_token = await confirmThere(await payer.secret());
  assert.equal((await payer.post({ processor_token })).status, 201);
  assert.deepEqual(await stateOf(payer), paid);
});

test('S36: a payment on another account, and a live one, is unknown', async () => {
  const payer = await makePayer();
  const live = stripeClient(emulator, 'sk_live_tollgate');
  const metadata = { tollgate_site: await installation() };
  const { id: live_id, livemode } = await live.paymentIntents.create({ amount: 2000, currency: 'usd', metadata });
  assert(livemode);
  assert.equal(codeOf(await payer.post({ processor_token: live_id })), '400 intent_unknown');
  const { id: account } = await client.accounts.create({ type: 'standard' });
  await fetch(`${emulator.url}/_emulator/accounts/${account}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ to: 'ready' }),
  });
  const { id } = await client.paymentIntents.create(
    { amount: 2000, currency: 'usd', metadata },
    { stripeAccount: account },
  );
  assert.equal(codeOf(await payer.post({ processor_token: id })), '400 intent_unknown');
  assert.deepEqual(await stateOf(payer), nothing);
});

test('S40: what names no payment and no card is refused before a request leaves', async () => {
  const payer = await makePayer();
  await payer.quote();
  const before_count = emulator.control.requests().length;
  const hostile = [
    'cus_1',
    'acct_1',
    '../account',
    'pi_',
    'pi_1\r\nX: y',
    `pi_${'a'.repeat(252)}`,
    'pi_1/../x',
    'PI_1',
  ];
  for (const processor_token of hostile)
    assert.match(
      codeOf(await payer.post({ processor_token })),
      /^400 (card_declined|intent_unknown)$/,
      processor_token,
    );
  assert.equal(codeOf(await payer.post({ processor_token: '' })), '400 payment_method_absent');
  assert.equal((await payer.post({ processor_token: `pi_${'a'.repeat(253)}` })).status, 400);
  assert.equal(emulator.control.requests().length, before_count);
});

test('a payment that the bank asks about is finished by a repeated checkout', async () => {
  const payer = await makePayer();
  const secret = await payer.secret();
  const processor_token = await chooseCard(secret, 'pm_card_threeDSecure2Required');
  const asked = await payer.post({ processor_token });
  assert.equal(codeOf(asked), '402 action_required');
  assert.equal(asked.json<Quote>().processor.STRIPE_INTENT_SECRET, secret);
  assert.equal(codeOf(await payer.post({ processor_token })), '402 action_required');
  await fetch(`${emulator.url}/_emulator/payment_intents/${processor_token}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ to: 'approve' }),
  });
  assert.equal((await payer.post({ processor_token })).status, 201);
  assert.deepEqual(await stateOf(payer), paid);
});

test('S25, S37: of two checkouts with one payment that the bank asks about, the later one finishes it and does not end it', async () => {
  const payer = await makePayer();
  const processor_token = await chooseCard(await payer.secret(), 'pm_card_threeDSecure2Required');
  // The second request read that no attempt has the payment, before the first one began its attempt.
  const match = { method: 'GET', path: processor_token };
  emulator.control.addFault({ name: 'slow', values: { ms: '3000' }, match, times: 1 });
  const second = payer.post({ processor_token });
  const isAsked = async () => {
    const given = (await (await fetch(`${emulator.url}/_emulator/faults`)).json()) as { faults: { hit: number }[] };
    return given.faults.some(({ hit }) => hit > 0);
  };
  while (!(await isAsked()));
  assert.equal(codeOf(await payer.post({ processor_token })), '402 action_required');
  assert.equal(codeOf(await second), '402 action_required');
  emulator.control.clearFaults();
  assert.equal((await client.paymentIntents.retrieve(processor_token)).status, 'requires_action');
  assert.deepEqual((await stateOf(payer)).orders, ['reserved']);
  await fetch(`${emulator.url}/_emulator/payment_intents/${processor_token}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ to: 'approve' }),
  });
  assert.equal((await payer.post({ processor_token })).status, 201);
  assert.deepEqual(await stateOf(payer), paid);
});

test('the card of a payment is on file if the payer wants that, and is removed at Stripe otherwise', async () => {
  for (const remember_card of [true, false]) {
    const payer = await makePayer();
    const processor_token = await confirmThere(await payer.secret());
    assert.equal((await payer.post({ processor_token, remember_card })).status, 201);
    const card = await payer.call('GET', `/api/billing/${payer.name}/card`);
    assert.equal(card.json<{ last4?: string }>().last4, remember_card ? '4242' : undefined);
    await site.app.tollgate.worker.drain();
    const { data } = await client.customers.listPaymentMethods(await customerOf(payer));
    assert.equal(data.length, remember_card ? 1 : 0);
  }
});

for (const [to, state] of [
  ['finish', 'done'],
  ['fail_later', 'failed'],
] as const) {
  test(`S26, S30: the card of a payment that is ${state} days later, and that is not wanted on file, is removed at Stripe then`, async () => {
    const payer = await makePayer();
    const processor_token = await confirmThere(await payer.secret(), 'pm_usBankAccount_success');
    const made = await payer.post({ processor_token, remember_card: false });
    assert.deepEqual([made.status, made.json<{ state: string }>().state], [201, 'created']);
    const { payment_method } = await client.paymentIntents.retrieve(processor_token);
    const removals = async () => {
      await site.app.tollgate.worker.drain();
      const path = `/v1/payment_methods/${String(payment_method)}/detach`;
      return emulator.control.requests().filter((request) => request.path === path).length;
    };
    assert.equal(await removals(), 0, 'Stripe needs it until the payment is decided');
    await fetch(`${emulator.url}/_emulator/payment_intents/${processor_token}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ to }),
    });
    await runJob(site.app.tollgate, 'settle_pending_charges');
    assert.deepEqual((await stateOf(payer)).charges, [`2000 ${state}`]);
    assert.equal(await removals(), 1);
    assert.deepEqual((await client.customers.listPaymentMethods(await customerOf(payer))).data, []);
    const notes = await site.app.db
      .selectFrom('charge_attempts')
      .select('id')
      .where('unwanted_method_key', 'is not', null)
      .execute();
    assert.deepEqual(notes, []);
  });
}

test('a payment that is declined is canceled, and the next quote has another one', async () => {
  const payer = await makePayer();
  const processor_token = await chooseCard(await payer.secret(), 'pm_card_chargeDeclined');
  assert.equal(codeOf(await payer.post({ processor_token })), '400 card_declined');
  assert.equal((await client.paymentIntents.retrieve(processor_token)).status, 'canceled');
  const next_secret = await payer.secret();
  assert.notEqual(idOf(next_secret), processor_token);
  assert.equal((await payer.post({ processor_token: await confirmThere(next_secret) })).status, 201);
});

for (const [fault, orders] of [
  ['500_before', 'refused'],
  ['500_after', 'settled'],
  ['cut_after', 'settled'],
] as const) {
  test(`a crash after the confirmation (${fault}) leaves the order ${orders}, with at most one charge`, async () => {
    const payer = await makePayer();
    const processor_token = await chooseCard(await payer.secret());
    emulator.control.addFault({ name: fault, match: { path: `/v1/payment_intents/${processor_token}/confirm` } });
    assert.equal(codeOf(await payer.post({ processor_token })), '503 payment_unknown');
    emulator.control.clearFaults();
    assert.equal(codeOf(await payer.post({ processor_token })), '409 intent_used');
    advance(3 * minute);
    await runJob(site.app.tollgate, 'finish_orders');
    assert.deepEqual((await stateOf(payer)).orders, [orders]);
    const { data } = await client.charges.list({ payment_intent: processor_token });
    assert.equal(data.length, orders === 'settled' ? 1 : 0);
  });
}

test('a message about a payment that arrives before its order changes nothing', async () => {
  const payer = await makePayer();
  const processor_token = await confirmThere(await payer.secret());
  await runJob(site.app.tollgate, 'sweep_processor_events');
  await runJob(site.app.tollgate, 'handle_processor_events');
  const [made] = await Promise.all([
    payer.post({ processor_token }),
    runJob(site.app.tollgate, 'handle_processor_events'),
  ]);
  assert.equal(made.status, 201);
  advance(minute);
  await runJob(site.app.tollgate, 'handle_processor_events');
  assert.deepEqual(await stateOf(payer), paid);
});

const refundsOf = async (payment_intent: string) =>
  (await client.refunds.list({ payment_intent })).data.map(({ amount, status }) => `${amount} ${status}`);
for (const change of ['an item is added', 'the cart is emptied'] as const) {
  test(`S38: a paid payment goes back whole when ${change}, and its payer gets a message`, async () => {
    const payer = await makePayer();
    const processor_token = await confirmThere(await payer.secret());
    if (change === 'an item is added') await payer.call('POST', '/api/cart', { plan: 'more' });
    else await payer.call('DELETE', '/api/cart?plan=basic');
    const refused = await payer.post({ processor_token });
    assert.equal(codeOf(refused), '409 cart_changed');
    assert.match(refused.json<{ detail: string }>().detail, /goes back/);
    assert.equal(codeOf(await payer.post({ processor_token })), '409 intent_used');
    await runJob(site.app.tollgate, 'refund_orphans');
    await runJob(site.app.tollgate, 'refund_orphans');
    assert.deepEqual(await refundsOf(processor_token), ['2000 succeeded']);
    assert.deepEqual(await stateOf(payer), nothing);
    assert.equal(codeOf(await payer.post({ processor_token })), '409 intent_used');
    const quote = await payer.quote();
    if (change === 'an item is added') assert.notEqual(idOf(quote['STRIPE_INTENT_SECRET'] ?? ''), processor_token);
    const events = site.app.db.selectFrom('outbox_events').select('payload').where('name', '=', 'payment_returned');
    const payload = { profile_id: await profileId(payer.name), amount: 2000 };
    const notices = await events.where('payload', '@>', JSON.stringify(payload) as never).execute();
    assert.equal(notices.length, 1);
  });
}

test('S36: a paid payment of another amount or currency is no order and goes back', async () => {
  const payer = await makePayer();
  for (const money of [
    { amount: 5000, currency: 'usd' },
    { amount: 2000, currency: 'eur' },
  ]) {
    const processor_token = await forge(payer, money);
    assert.equal(codeOf(await payer.post({ processor_token })), '409 cart_changed');
    await runJob(site.app.tollgate, 'refund_orphans');
    assert.deepEqual(await refundsOf(processor_token), [`${money.amount} succeeded`]);
  }
  assert.deepEqual(await stateOf(payer), nothing);
});

test('a checkout and the job that returns payments never both take a payment', async () => {
  for (let round = 0; round < 5; round += 1) {
    const payer = await makePayer();
    const processor_token = await confirmThere(await payer.secret());
    await runJob(site.app.tollgate, 'sweep_processor_events');
    for (const ms of [minute, minute, 6 * minute, 62 * minute]) {
      await runJob(site.app.tollgate, 'handle_processor_events');
      advance(ms);
    }
    const [made] = await Promise.all([payer.post({ processor_token }), runJob(site.app.tollgate, 'refund_orphans')]);
    advance(10 * minute);
    await runJob(site.app.tollgate, 'refund_orphans');
    const refunds = await refundsOf(processor_token);
    assert.deepEqual(
      [made.status, refunds, (await stateOf(payer)).orders],
      made.status === 201 ? [201, [], ['settled']] : [409, ['2000 succeeded'], []],
    );
  }
});

test('a payment on the account of a provider leaves the broker its share, and pays there only', async () => {
  const { profile: provider } = await site.provider(next('club'));
  await connectBank(site.ctx, provider.id);
  const { account } = await site.app.db
    .selectFrom('payout_accounts')
    .select('account')
    .where('profile_id', '=', provider.id)
    .executeTakeFirstOrThrow();
  await fetch(`${emulator.url}/_emulator/accounts/${account}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ to: 'ready' }),
  });
  await site.app.db
    .updateTable('payout_accounts')
    .set({ charges_enabled: true, fee_payer: 'account' })
    .where('account', '=', account)
    .execute();
  const plan = await makePlan(site.ctx, { provider_id: provider.id, broker_fee_percent: 1000, period_amount: 3333 });
  const payer = await makePayer(plan.slug);
  const keys = await payer.quote();
  assert.equal(keys['STRIPE_ACCOUNT'], account);
  const client_secret = keys['STRIPE_INTENT_SECRET'] ?? assert.fail('no secret');
  const processor_token = idOf(client_secret);
  const there = { stripeAccount: account };
  assert.equal((await client.paymentIntents.retrieve(processor_token, {}, there)).application_fee_amount, 333);
  const params = { client_secret, payment_method: 'pm_card_visa', return_url: 'https://payer.test/' };
  await browser.paymentIntents.confirm(processor_token, params, there);
  assert.equal((await payer.post({ processor_token })).status, 201);
  assert.deepEqual(await stateOf(payer), { orders: ['settled'], charges: ['3333 done'] });
  const charge = await site.app.db
    .selectFrom('charges')
    .select('account')
    .where('profile_id', '=', await profileId(payer.name))
    .executeTakeFirstOrThrow();
  assert.equal(charge.account, account);
});

test('a cart that moves to another account cancels the payment on the first one', async () => {
  const payer = await makePayer();
  const first = idOf(await payer.secret());
  const { profile_id } = await site.app.db
    .updateTable('processor_intents')
    .set({ account: 'acct_former' })
    .where('intent_key', '=', first)
    .returning('profile_id')
    .executeTakeFirstOrThrow();
  const second = idOf(await payer.secret());
  assert.notEqual(second, first);
  const row = await site.app.db
    .selectFrom('processor_intents')
    .select(['intent_key', 'generation', 'account'])
    .where('profile_id', '=', profile_id)
    .where('kind', '=', 'payment')
    .executeTakeFirstOrThrow();
  assert.deepEqual(row, { intent_key: second, generation: 2, account: '' });
});

test('a coupon lowers the payment, and credit that pays a part of the order too', async () => {
  const coupon = await site.coupon({ discount_value: 2500 });
  const payer = await makePayer();
  await payer.call('POST', '/api/cart/redeem', { code: coupon.code });
  const secret = await payer.secret();
  assert.equal((await client.paymentIntents.retrieve(idOf(secret))).amount, 1500);
  const gift = { amount: 400, unit: 'usd', descr: 'Thank you' };
  assert.equal((await site.broker('POST', `/api/billing/${payer.name}/credits`, gift)).status, 201);
  assert.equal(await payer.secret(), secret);
  assert.equal((await client.paymentIntents.retrieve(idOf(secret))).amount, 1100);
  assert.equal((await payer.post({ processor_token: await confirmThere(secret) })).status, 201);
  assert.deepEqual(await stateOf(payer), { orders: ['settled'], charges: ['1100 done'] });
});

test('while the amount of a payment changes no order claims it', async () => {
  const payer = await makePayer();
  const secret = await payer.secret();
  const processor_token = await chooseCard(secret);
  await payer.call('POST', '/api/cart', { plan: 'more' });
  emulator.control.addFault({
    name: 'cut_before',
    match: { method: 'POST', path: `/v1/payment_intents/${processor_token}` },
  });
  assert.equal((await payer.quote())['STRIPE_INTENT_SECRET'], null);
  emulator.control.clearFaults();
  assert.equal(codeOf(await payer.post({ processor_token })), '409 checkout_in_flight');
  assert.equal((await payer.quote())['STRIPE_INTENT_SECRET'], null);
  advance(minute);
  assert.equal(await payer.secret(), secret);
  const made = await payer.post({ processor_token });
  assert.deepEqual([made.status, made.json<{ amount: number }>().amount], [201, 5000]);
});

test('S42: no secret of a payment is in the database, on a page or in the quote of another caller', async () => {
  const payer = await makePayer();
  const secret = await payer.secret();
  const rows = await site.app.db.selectFrom('processor_intents').selectAll().execute();
  assert(rows.length > 0 && !JSON.stringify(rows).includes('_secret_'));
  const attempts = await site.app.db.selectFrom('charge_attempts').selectAll().execute();
  assert(!JSON.stringify(attempts).includes('_secret_'));
  const seen = await site.broker('GET', `/api/billing/${payer.name}/checkout`);
  assert.equal(seen.status, 200);
  assert(!seen.text.includes('_secret_'));
  const page = await payer.call('GET', `/billing/${payer.name}/checkout/`);
  assert(!page.text.includes('_secret_'));
  const own = await payer.call('GET', `/api/billing/${payer.name}/checkout`);
  assert(own.text.includes(secret));
  assert.match(String(own.headers['cache-control']), /no-store/);
  assert.deepEqual((await verifyLedger(site.app.db)).violations, []);
});
