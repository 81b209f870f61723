import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Stripe from 'stripe';
import { startEmulator, type RunningEmulator } from '../start-emulator.ts';

let emulator: RunningEmulator;
let stripe: Stripe;

before(async () => {
  emulator = await startEmulator({ clock: { now: () => new Date('2026-11-27T12:00:00Z') } });
  const { hostname, port } = new URL(emulator.url);
  stripe = new Stripe('sk_test_tollgate', { host: hostname, port, protocol: 'http', telemetry: false });
});
after(() => emulator.stop());

async function open(path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`${emulator.url}${path}`, { redirect: 'manual' });
  return { status: response.status, text: await response.text() };
}

async function press(path: string, fields: Record<string, string>, headers: Record<string, string> = {}) {
  const init = { method: 'POST', body: new URLSearchParams(fields), headers, redirect: 'manual' } as const;
  const response = await fetch(`${emulator.url}${path}`, init);
  return { status: response.status, location: response.headers.get('location') };
}

const pay = (payment_method: string, change: Partial<Stripe.PaymentIntentCreateParams> = {}) =>
  stripe.paymentIntents.create({
    amount: 2000,
    currency: 'usd',
    payment_method,
    confirm: true,
    capture_method: 'automatic',
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    ...change,
  });

test('the console shows requests, objects and unsupported calls, and names of objects lead to them', async () => {
  const intent = await pay('pm_card_visa');
  await stripe.products.list().catch(() => null);
  const { text } = await open('/_emulator');
  for (const part of ['POST /v1/payment_intents', 'payment_intent', 'GET /v1/products'])
    assert.ok(text.includes(part), part);
  assert.ok((await open('/_emulator/objects?kind=payment_intent&scope=test/')).text.includes(intent.id));
  const object = await open(`/_emulator/objects/${intent.id}`);
  assert.ok(object.text.includes('&quot;status&quot;: &quot;succeeded&quot;') && object.text.includes('charge'));
  assert.ok(!object.text.includes('&quot;$&quot;'), 'hidden facts are not shown');
  assert.match(object.text, /fields<\/dt>\s*<dd>none<\/dd>/);
  assert.equal((await open('/_emulator/objects?kind=_key&scope=')).status, 404);
});

test('a button of the console does what the outside world does, once', async () => {
  const asking = await pay('pm_card_threeDSecure2Required');
  const path = `/_emulator/objects/${asking.id}`;
  assert.equal((await press(path, { action: 'approve' })).status, 303);
  assert.equal((await stripe.paymentIntents.retrieve(asking.id)).status, 'succeeded');
  assert.equal((await press(path, { action: 'approve' })).status, 409);
  const { id } = await stripe.accounts.create({ type: 'standard' });
  for (const [action, expected] of [
    ['ready', true],
    ['restrict', false],
  ] as const) {
    await press(`/_emulator/objects/${id}`, { action });
    assert.equal((await stripe.accounts.retrieve(id)).charges_enabled, expected);
  }
  await press(`/_emulator/objects/${id}`, { action: 'deauthorize' });
  await assert.rejects(stripe.balance.retrieve({}, { stripeAccount: id }), {
    code: 'account_invalid',
    statusCode: 403,
  });
  const paid = await pay('pm_card_visa');
  await press(`/_emulator/objects/${String(paid.latest_charge)}`, { action: 'dispute' });
  const [dispute] = (await stripe.disputes.list({ payment_intent: paid.id })).data;
  assert(dispute);
  // Every state of the control API has a button.
  const disputed = `/_emulator/objects/${dispute.id}`;
  const stateOf = async () => (await stripe.disputes.retrieve(dispute.id)).status;
  for (const [action, state] of [
    ['lost', 'lost'],
    ['appeal_won', 'won'],
  ] as const) {
    await press(disputed, { action });
    assert.equal(await stateOf(), state);
  }
});

test('a card that asks before it is saved leads to the page of the issuer and back with the result', async () => {
  const { id: customer } = await stripe.customers.create();
  for (const [answer, result, status] of [
    ['approve', 'succeeded', 'succeeded'],
    ['fail', 'failed', 'requires_payment_method'],
  ] as const) {
    const setup = await stripe.setupIntents.create({
      customer,
      payment_method: 'pm_card_authenticationRequired',
      confirm: true,
      return_url: 'https://site.example/card?x=1',
    });
    const { pathname } = new URL(setup.next_action?.redirect_to_url?.url ?? '');
    assert.ok((await open(pathname)).text.includes('Save the card ending in 3184 for Tollgate?'));
    const back = new URL((await press(pathname, { answer })).location ?? '');
    assert.equal(back.origin, 'https://site.example');
    assert.deepEqual(Object.fromEntries(back.searchParams), {
      x: '1',
      setup_intent: setup.id,
      setup_intent_client_secret: setup.client_secret,
      redirect_status: result,
    });
    assert.equal((await stripe.setupIntents.retrieve(setup.id)).status, status);
    assert.ok((await open(pathname)).text.includes('has ended'));
  }
});

test('a receipt shows the payment', async () => {
  const intent = await pay('pm_card_visa', { expand: ['latest_charge'] });
  const { receipt_url } = intent.latest_charge as Stripe.Charge; // expanded
  await stripe.refunds.create({ payment_intent: intent.id, amount: 500 });
  const { text } = await open(new URL(receipt_url ?? '').pathname);
  for (const part of ['$20.00', '2026-11-27', '4242', 'Refunded: $5.00']) assert.ok(text.includes(part), part);
});

test('pages of other origins press no button, and unknown addresses show an error', async () => {
  const asking = await pay('pm_card_threeDSecure2Required');
  const clock = JSON.stringify({ advance_s: 1 });
  const foreign = { origin: 'https://evil.example' };
  assert.equal((await press(`/3ds/${asking.id}`, { answer: 'approve' }, foreign)).status, 403);
  assert.equal((await press(`/3ds/${asking.id}`, { answer: 'approve' }, { origin: 'null' })).status, 403);
  const control = { method: 'POST', body: clock, headers: foreign };
  assert.equal((await fetch(`${emulator.url}/_emulator/clock`, control)).status, 403);
  assert.equal((await stripe.paymentIntents.retrieve(asking.id)).status, 'requires_action');
  assert.equal((await press(`/3ds/${asking.id}`, { answer: 'maybe' })).status, 400);
  assert.equal((await press(`/3ds/${asking.id}`, { answer: 'approve' }, { origin: emulator.url })).status, 200);
  for (const path of [
    '/3ds/pi_none',
    '/c/pay/cs_none',
    '/connect/setup/none',
    '/receipts/ch_none',
    '/_emulator/objects/none',
  ]) {
    assert.equal((await open(path)).status, 404, path);
  }
  assert.equal((await open('/elements/card?origin=*')).status, 400);
  assert.equal((await press('/receipts/ch_none', {})).status, 405);
});
