import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { verifyLedger } from '#ledger';
import { type ChangeSite, type Call } from '../../../test/support/changes.ts';
import { apiClient, signInBrowser } from '../../../test/support/client.ts';
import { type StripeChanges, startStripeChanges } from '../../../test/support/stripe-changes.ts';

const minute = 60_000;

let stripe: StripeChanges;
let site: ChangeSite;
let emulator: StripeChanges['emulator'];
before(async () => {
  stripe = await startStripeChanges({ pay_later_allowed: true });
  ({ site, emulator } = stripe);
  await site.plan('basic', { period_amount: 2000 });
});
after(() => stripe.close());

const advance = (ms: number) => site.app.clock.set(new Date(site.app.clock.now().getTime() + ms));
const finish = () => site.runAt(site.app.clock.now().toISOString(), 'finish_orders');

interface Waiting {
  call: Call;
  name: string;
  /** Page of the processor on which the card is entered. */
  url: string;
}

/** Checks out without a card of Tollgate, as a browser without scripts does. */
async function openPage(name: string): Promise<Waiting> {
  const call = await site.register(name);
  await call('POST', '/api/cart', { plan: 'basic' });
  return { call, name, url: await checkOut(call, name) };
}

async function checkOut(call: Call, name: string): Promise<string> {
  await call('GET', `/api/billing/${name}/checkout`);
  const refused = await call('POST', `/api/billing/${name}/checkout`, { processor_token: 'hosted_page' });
  assert.equal(refused.status, 402);
  const body = refused.json<{ redirect_url: string; processor: Record<string, string | null> }>();
  assert.equal(body.processor['STRIPE_INTENT_SECRET'], null);
  return body.redirect_url;
}

const card = { expiry: '12/30', cvc: '123', email: 'payer@example.com', name: 'Payer' };

/** Pays on the page of the processor; returns the address to which it leads. */
async function payAt(url: string, number: string): Promise<string | null> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ ...card, number }).toString(),
    redirect: 'manual',
  });
  return response.headers.get('location');
}

const follow = (call: Call, url: string | null) => {
  assert(url !== null, 'the page leads on');
  const { pathname, search } = new URL(url);
  return call('GET', pathname + search);
};
async function stateOf(name: string) {
  const orders = await site.app.db
    .selectFrom('orders')
    .innerJoin('profiles', 'profiles.id', 'orders.profile_id')
    .select(['orders.state', 'orders.profile_id'])
    .where('slug', '=', name)
    .orderBy('orders.id')
    .execute();
  const charges = await site.app.db
    .selectFrom('charges')
    .select(['amount', 'state'])
    .where('profile_id', 'in', [...new Set(orders.map(({ profile_id }) => profile_id))])
    .execute();
  return {
    orders: orders.map(({ state }) => state),
    charges: charges.map(({ amount, state }) => `${amount} ${state}`),
  };
}
const paid = { orders: ['settled'], charges: ['2000 done'] };
const unpaid = { orders: ['refused'], charges: [] };
const cartOf = async (call: Call, name: string) =>
  (await call('GET', `/api/billing/${name}/checkout`)).json<{ results: unknown[] }>().results.length;

test('S27: a payment on the page of the processor is settled when the payer returns, once', async () => {
  const { call, name, url } = await openPage('ada');
  const location = await payAt(url, '4242424242424242');
  const [first, second] = await Promise.all([follow(call, location), follow(call, location), finish()]);
  for (const response of [first, second]) assert.match(String(response.headers.location), /\/ada\/receipt\//);
  advance(minute);
  await finish();
  assert.deepEqual(await stateOf(name), paid);
});

test('S27: a declined card can be replaced on the page, and a payer who goes back keeps the cart', async () => {
  const { call, name, url } = await openPage('bea');
  assert.equal(await payAt(url, '4000000000000002'), null);
  const { cancel_url } = emulator.control.object(sessionOf(url)) as unknown as { cancel_url: string };
  // Another address ends nothing.
  await call('GET', '/billing/cart/finish/?left=0000000000000000000000000000000000000000');
  assert.deepEqual(await stateOf(name), { orders: ['reserved'], charges: [] });
  const back = await follow(call, cancel_url);
  assert.match(String(back.headers.location), /\/bea\/checkout\//);
  assert.deepEqual(await stateOf(name), unpaid);
  assert.equal(await cartOf(call, name), 1);
  assert.equal(await payAt(url, '4242424242424242'), null, 'the page has ended');
});

test('S27: the address that ends a payment settles one that was paid before', async () => {
  const { call, name, url } = await openPage('cid');
  const { cancel_url } = emulator.control.object(sessionOf(url)) as unknown as { cancel_url: string };
  await payAt(url, '4242424242424242');
  assert.match(String((await follow(call, cancel_url)).headers.location), /\/cid\/receipt\//);
  assert.deepEqual(await stateOf(name), paid);
});

test('S27: a page that is not paid within 30 minutes ends, and takes no money later', async () => {
  const { call, name, url } = await openPage('dee');
  advance(2 * minute);
  await finish();
  assert.deepEqual((await stateOf(name)).orders, ['reserved']);
  advance(29 * minute);
  await finish();
  assert.deepEqual(await stateOf(name), unpaid);
  assert.equal(await payAt(url, '4242424242424242'), null);
  assert.equal(await cartOf(call, name), 1);
});

test('S27: a page that is paid in the last second, and by a payer who does not return, is settled', async () => {
  const last = await openPage('eli');
  advance(30 * minute);
  await payAt(last.url, '4242424242424242');
  await finish();
  assert.deepEqual(await stateOf(last.name), paid);
  const gone = await openPage('fay');
  advance(10 * minute);
  await payAt(gone.url, '4242424242424242');
  await finish();
  assert.deepEqual(await stateOf(gone.name), paid);
});

test('S27: a bank that answers after the page has ended takes no money', async () => {
  const { name, url } = await openPage('gil');
  const bank_url = await payAt(url, '4000002760003184');
  assert(bank_url !== null);
  advance(31 * minute);
  await finish();
  assert.deepEqual(await stateOf(name), unpaid);
  const id = bank_url.split('/').at(-1) ?? '';
  await fetch(`${emulator.url}/_emulator/payment_intents/${id}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ to: 'approve' }),
  });
  const intent = emulator.control.object(id) as unknown as { status: string };
  assert.equal(intent.status, 'canceled');
});

for (const [what, change] of [
  ['amount', { amount_total: 500 }],
  ['currency', { currency: 'eur' }],
] as const) {
  test(`S36: a page of the processor that took another ${what} than the order settles nothing, and its payment is listed and goes back`, async () => {
    const { call, name, url } = await openPage(`of-${what}`);
    await changeSession(sessionOf(url), change);
    const browser = await signInBrowser(site.app, name);
    const { pathname, search } = new URL((await payAt(url, '4242424242424242')) ?? '');
    const response = await browser.follow(await browser.get(pathname + search));
    assert.match(response.text, /of another amount than the order\. What was charged goes back to the card/);
    assert.deepEqual(await stateOf(name), unpaid);
    assert.equal(await cartOf(call, name), 1);
    const listed = () =>
      site.app.db
        .selectFrom('processor_events as event')
        .innerJoin('orphan_payments as orphan', 'orphan.charge_key', 'event.object_key')
        .innerJoin('profiles', 'profiles.id', 'orphan.profile_id')
        .select(['event.state', 'orphan.amount', 'orphan.unit', 'orphan.state as orphan_state'])
        .where('slug', '=', name)
        .where('event.kind', '=', 'orphan')
        .execute();
    const took = what === 'amount' ? { amount: 500, unit: 'usd' } : { amount: 2000, unit: 'eur' };
    assert.deepEqual(await listed(), [{ state: 'parked', ...took, orphan_state: 'refunding' }]);
    await site.runAt(site.app.clock.now().toISOString(), 'refund_orphans');
    assert.deepEqual(await listed(), [{ state: 'done', ...took, orphan_state: 'refunded' }]);
    assert.deepEqual(emulator.control.invariants(), []);
    assert.deepEqual((await verifyLedger(site.app.db)).violations, []);
  });
}

test('S36: a change of plan whose page took another amount is not made, and its payment goes back', async () => {
  await site.plan('large', { period_amount: 5000 });
  const call = await site.register('changer');
  await site.buy(call, 'changer', 'basic', { token: 'pm_card_visa' });
  const url = '/api/profile/changer/subscriptions/basic/change';
  const { preview_key } = (await call('GET', `${url}?to=large`)).json<{ preview_key: string }>();
  const change = () => call('POST', url, { to: 'large', preview_key, processor_token: 'hosted_page' });
  const asked = await change();
  assert.equal(asked.status, 402, asked.text);
  const { redirect_url } = asked.json<{ redirect_url: string }>();
  await changeSession(sessionOf(redirect_url), { amount_total: 500 });
  await payAt(redirect_url, '4242424242424242');
  assert.equal((await change()).json<{ code: string }>().code, 'card_declined');
  assert.deepEqual((await stateOf('changer')).charges, ['2000 done']);
  const orphans = await site.app.db
    .selectFrom('orphan_payments')
    .innerJoin('profiles', 'profiles.id', 'orphan_payments.profile_id')
    .select(['amount', 'state'])
    .where('slug', '=', 'changer')
    .execute();
  assert.deepEqual(orphans, [{ amount: 500, state: 'refunding' }]);
  assert.deepEqual((await verifyLedger(site.app.db)).violations, []);
});

/** Changes what a page of the processor asks for, as a setting of the account at the processor could. */
async function changeSession(id: string, change: object): Promise<void> {
  const at = `${emulator.url}/_emulator/state`;
  const state = (await (await fetch(at)).json()) as { rows: { value: { id: string } }[] };
  for (const { value } of state.rows) if (value.id === id) Object.assign(value, change);
  const headers = { 'content-type': 'application/json' };
  assert.ok((await fetch(at, { method: 'PUT', headers, body: JSON.stringify(state) })).ok);
}

test('S25: a second checkout closes the page of the first one, also when both are paid', async () => {
  const { call, name, url } = await openPage('hal');
  const second = await checkOut(call, name);
  assert.equal(await payAt(url, '4242424242424242'), null);
  await payAt(second, '4242424242424242');
  await finish();
  advance(minute);
  await finish();
  assert.deepEqual(await stateOf(name), { orders: ['refused', 'settled'], charges: ['2000 done'] });
  assert.deepEqual(emulator.control.invariants(), []);
});

test('the page of a payment is of the user who opened it: another one neither finishes nor ends it', async () => {
  const { name, url } = await openPage('ivy');
  const stranger = await site.register('jon');
  const { cancel_url } = emulator.control.object(sessionOf(url)) as unknown as { cancel_url: string };
  await follow(stranger, cancel_url);
  assert.deepEqual(await stateOf(name), { orders: ['reserved'], charges: [] });
});

test('a card that is kept on the page of the processor is put on file, for its owner only', async () => {
  const call = await site.register('kim');
  const refused = await call('PUT', '/api/billing/kim/card', { token: 'hosted_page' });
  assert.equal(refused.status, 402);
  const location = await payAt(refused.json<{ redirect_url: string }>().redirect_url, '4242424242424242');
  assert.match(location ?? '', /\/billing\/kim\/card\/\?setup_session=cs_/);
  const stranger = await site.register('lou');
  await follow(stranger, (location ?? '').replace('/kim/', '/lou/'));
  await follow(call, location);
  const cards = await site.app.db
    .selectFrom('payment_methods')
    .innerJoin('profiles', 'profiles.id', 'payment_methods.profile_id')
    .select(['slug', 'last4'])
    .where('slug', 'in', ['kim', 'lou'])
    .execute();
  assert.deepEqual(cards, [{ slug: 'kim', last4: '4242' }]);
});

test('a visitor without an account pays a link on the page of the processor', async () => {
  const call = await site.register('mia');
  await call('POST', '/api/cart', { plan: 'basic' });
  await call('GET', '/api/billing/mia/checkout');
  const placed = await call('POST', '/api/billing/mia/checkout/paylater', {});
  const { claim_code } = placed.json<{ claim_code: string }>();
  const visitor = apiClient(site.app);
  const open = async () =>
    (await visitor('POST', `/api/billing/payments/${claim_code}`, { processor_token: 'hosted_page' })).json<{
      redirect_url: string;
    }>().redirect_url;
  const [left, url] = [await open(), await open()];
  const shown = await (await fetch(url)).text();
  assert(!shown.includes('mia'), 'the page shows no address of the payer');
  assert.equal(await payAt(left, '4242424242424242'), null, 'the second page closes the first one');
  await follow(visitor, await payAt(url, '4242424242424242'));
  assert.deepEqual((await stateOf('mia')).charges, ['2000 done']);
});

function sessionOf(url: string): string {
  return new URL(url).pathname.split('/').at(-1) ?? '';
}
