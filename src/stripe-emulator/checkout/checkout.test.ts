import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Stripe from 'stripe';
import { findShapeFaults } from '../shapes/index.ts';
import { startEmulator, type RunningEmulator } from '../start-emulator.ts';

const START = new Date('2026-11-27T12:00:00Z');
const START_S = START.getTime() / 1000;
let emulator: RunningEmulator;
let stripe: Stripe;
const bugs: unknown[] = [];

before(async () => {
  emulator = await startEmulator({ clock: { now: () => START }, on_bug: (error) => bugs.push(error) });
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

function whole<T extends object>(value: T): T {
  assert.deepEqual(findShapeFaults(JSON.parse(JSON.stringify(value))), []);
  return value;
}

const line = (name: string, unit_amount: number, quantity = 1, currency = 'usd') => ({
  quantity,
  price_data: { currency, unit_amount, product_data: { name } },
});
const payment: Stripe.Checkout.SessionCreateParams & { success_url: string } = {
  mode: 'payment',
  ui_mode: 'hosted_page',
  client_reference_id: 'attempt:1',
  line_items: [line('Desk <b>', 3333), line('Locker', 500, 2)],
  payment_intent_data: { metadata: { tollgate_order: '9' }, description: 'Order 9', capture_method: 'automatic' },
  success_url: 'https://site.example/finish?session={CHECKOUT_SESSION_ID}',
  cancel_url: 'https://site.example/back',
};
const card = { email: 'ann@example.com', name: 'Ann', number: '4242424242424242', expiry: '12 / 30', cvc: '123' };

/** Sends the form of the hosted page: where it leads, or its text. */
async function submit(session: { url: string | null }, change: Partial<typeof card> = {}) {
  const body = new URLSearchParams({ ...card, ...change });
  const response = await fetch(session.url ?? '', { method: 'POST', body, redirect: 'manual' });
  return { status: response.status, location: response.headers.get('location') ?? '', text: await response.text() };
}

test('a buyer pays on the hosted page and returns to the site', async () => {
  const session = whole(await stripe.checkout.sessions.create(payment));
  assert.deepEqual([session.status, session.payment_status, session.amount_total], ['open', 'unpaid', 4333]);
  assert.equal(session.payment_intent, null);
  const page = await (await fetch(session.url ?? '')).text();
  for (const part of ['Desk &lt;b&gt;', 'Locker × 2', '$43.33', 'https://site.example/back'])
    assert.ok(page.includes(part), part);
  const { status, location } = await submit(session);
  assert.deepEqual([status, location], [303, `https://site.example/finish?session=${session.id}`]);
  const after_payment = whole(
    await stripe.checkout.sessions.retrieve(session.id, { expand: ['payment_intent', 'line_items'] }),
  );
  assert.deepEqual([after_payment.status, after_payment.payment_status, after_payment.url], ['complete', 'paid', null]);
  assert.equal(after_payment.customer_details?.email, 'ann@example.com');
  const intent = after_payment.payment_intent as Stripe.PaymentIntent; // expanded
  assert.deepEqual([intent.amount, intent.description, intent.metadata], [4333, 'Order 9', { tollgate_order: '9' }]);
  assert.deepEqual(
    after_payment.line_items?.data.map(({ description, amount_total }) => [description, amount_total]),
    [
      ['Desk <b>', 3333],
      ['Locker', 1000],
    ],
  );
  const { data } = await stripe.events.list({ limit: 4 });
  assert.deepEqual(
    data.map(({ type }) => type),
    ['checkout.session.completed', 'payment_intent.succeeded', 'charge.succeeded', 'payment_intent.created'],
  );
  assert.equal(
    (await submit(session)).location,
    location,
    'a second submit leads to the same address and pays nothing',
  );
  assert.equal((await stripe.paymentIntents.list({ limit: 100 })).data.length, 1);
});

test('a refused card leaves the page open with the reason, and the same intent is paid later', async () => {
  const session = await stripe.checkout.sessions.create(payment);
  for (const [change, reason] of [
    [{ number: '4242424242424241' }, 'Your card number is incorrect.'],
    [{ expiry: '12/20' }, 'expiration year is invalid'],
    [{ expiry: '' }, 'Enter the expiration date'],
    [{ number: '4000000000009995' }, 'Your card has insufficient funds. You were not charged.'],
    [{ number: '4111111111111111' }, 'used a non test card'],
  ] as const) {
    const { status, text } = await submit(session, change);
    assert.equal(status, 402);
    assert.ok(text.replaceAll('&#39;', "'").includes(reason), reason);
    assert.ok(text.includes('value="ann@example.com"') && !text.includes(change.number ?? card.number));
  }
  const open = await stripe.checkout.sessions.retrieve(session.id);
  assert.equal(open.status, 'open');
  await submit(session);
  const paid = await stripe.checkout.sessions.retrieve(session.id);
  assert.deepEqual([paid.status, paid.payment_intent], ['complete', open.payment_intent]);
});

test('a card that asks leads to the page of the issuer, which completes the session even when the page is closed', async () => {
  for (const [answer, status] of [
    ['approve', 'complete'],
    ['fail', 'open'],
  ] as const) {
    const session = await stripe.checkout.sessions.create(payment);
    const { location } = await submit(session, { number: '4000000000003220' });
    assert.match(location, /\/3ds\/pi_/);
    assert.ok((await (await fetch(location)).text()).includes('Pay $43.33 to Tollgate'));
    const response = await fetch(location, {
      method: 'POST',
      body: new URLSearchParams({ answer }),
      redirect: 'manual',
    });
    assert.equal((await stripe.checkout.sessions.retrieve(session.id)).status, status);
    const back = response.headers.get('location') ?? '';
    const next = await fetch(back, { redirect: 'manual' });
    if (status === 'complete') assert.match(next.headers.get('location') ?? '', /^https:\/\/site\.example\/finish/);
    else assert.match(await next.text(), /unable to authenticate your payment method.*You were not charged/);
  }
});

test('a session expires by its time and by a call, and takes no payment afterwards', async () => {
  const short = await stripe.checkout.sessions.create({ ...payment, expires_at: START_S + 1800 });
  const called = await stripe.checkout.sessions.create(payment);
  assert.equal(whole(await stripe.checkout.sessions.expire(called.id)).status, 'expired');
  await assert.rejects(stripe.checkout.sessions.expire(called.id), { statusCode: 400 });
  await emulator.control.advance(1800);
  assert.equal((await stripe.checkout.sessions.retrieve(short.id)).status, 'expired');
  assert.equal((await submit({ url: short.url })).status, 410);
  const { data } = await stripe.events.list({ type: 'checkout.session.expired' });
  assert.equal(data.length, 2);
});

test('a session that saves a card makes a customer and sets the card up for later charges', async () => {
  const session = whole(
    await stripe.checkout.sessions.create({ mode: 'setup', currency: 'usd', success_url: payment.success_url }),
  );
  const { location } = await submit(session);
  assert.match(location, /^https:\/\/site\.example\/finish/);
  const saved = whole(await stripe.checkout.sessions.retrieve(session.id, { expand: ['setup_intent'] }));
  assert.deepEqual([saved.status, saved.payment_status], ['complete', 'no_payment_required']);
  const intent = saved.setup_intent as Stripe.SetupIntent; // expanded
  assert.deepEqual([intent.status, intent.customer], ['succeeded', saved.customer]);
});

test('malformed sessions are refused by the name of the parameter', async () => {
  const cases: [change: object, expected: object][] = [
    [{ success_url: 'javascript:alert(1)' }, { code: 'url_invalid', param: 'success_url' }],
    [{ success_url: undefined }, { code: 'parameter_missing', param: 'success_url' }],
    [{ line_items: [] }, { code: 'parameter_missing', param: 'line_items' }],
    [{ line_items: [line('A', 10)] }, { code: 'amount_too_small' }],
    [{ line_items: [line('A', 500), line('B', 500, 1, 'eur')] }, { param: 'line_items' }],
    [{ expires_at: START_S + 60 }, { param: 'expires_at' }],
    [{ customer: 'cus_none' }, { code: 'resource_missing', param: 'customer' }],
    [{ mode: 'subscription' }, { code: 'emulator_unsupported', statusCode: 501 }],
    [{ payment_method_types: ['card'] }, { code: 'parameter_unknown', param: 'payment_method_types' }],
  ];
  for (const [change, expected] of cases) {
    const params = { ...payment, ...change } as Stripe.Checkout.SessionCreateParams; // some cases are not of the type
    await assert.rejects(stripe.checkout.sessions.create(params), expected, JSON.stringify(change));
  }
});

test('a token stands for a card; neither it nor the stored answer of its call contains the number', async () => {
  const number = '4242424242424242';
  const card_entry = { number, exp_month: '12', exp_year: '2030', cvc: '123' };
  const token = whole(await stripe.tokens.create({ card: card_entry }, { idempotencyKey: 'token-1' }));
  assert.deepEqual([token.card?.last4, token.card?.brand], ['4242', 'Visa']);
  const method = whole(await stripe.paymentMethods.create({ type: 'card', card: { token: token.id } }));
  assert.equal(method.card?.last4, '4242');
  assert.equal((await stripe.tokens.retrieve(token.id)).used, true);
  const again = stripe.paymentMethods.create({ type: 'card', card: { token: token.id } });
  await assert.rejects(again, { code: 'token_already_used', param: 'card[token]' });
  for (const id of [token.id, method.id, '_idempotency:test/:token-1']) {
    const stored = JSON.stringify(emulator.control.object(id));
    assert.ok(stored && !stored.includes(number), id);
  }
  const live = stripe.tokens.create({ card: { ...card_entry, number: '4111111111111111' } });
  await assert.rejects(live, { code: 'card_declined', decline_code: 'test_mode_live_card' });
});

test('a customer session names what its page may use', async () => {
  const { id } = await stripe.customers.create();
  const session = whole(
    await stripe.customerSessions.create({ customer: id, components: { payment_element: { enabled: true } } }),
  );
  assert.deepEqual(
    [session.components?.payment_element.enabled, session.components?.buy_button.enabled],
    [true, false],
  );
  await assert.rejects(
    stripe.customerSessions.create({ customer: 'cus_none', components: { pricing_table: { enabled: true } } }),
    {
      code: 'resource_missing',
    },
  );
});
