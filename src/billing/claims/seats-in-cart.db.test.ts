import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findUserByUsername } from '#accounts';
import { verifyLedger } from '#ledger';
import { findCharge, refreshCharge } from '#payments';
import { inTransaction } from '#platform/db';
import { makeManager } from '#profiles';
import { apiClient, registerPerson } from '../../../test/support/client.ts';
import type { TestContext } from '../../../test/support/context.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';
import { readPerson } from '../upload-cart.ts';

let app: TestApp;
let ctx: TestContext;
let broker: ReturnType<typeof apiClient>;
before(async () => {
  app = await startApp();
  ctx = { ...(await app.tollgate.makeContext('test')), clock: app.clock };
  broker = apiClient(app, await registerPerson(app, 'operator'));
  const user = await findUserByUsername(app.db, 'operator');
  assert.ok(user);
  await inTransaction(app.db, (tx) => makeManager(tx, { id: ctx.site.broker_id }, user, app.clock.now()));
});
after(() => app.close());

type Call = ReturnType<typeof apiClient>;
const person = async (name: string): Promise<Call> => apiClient(app, await registerPerson(app, name));
const pays = (call: Call, name: string, body: object = {}) =>
  call('POST', `/api/billing/${name}/checkout`, { processor_token: 'tok_visa', ...body });
const plansOf = async (call: Call, name: string) =>
  (await call('GET', `/api/profile/${name}/subscriptions`)).json()['count'];

/** Buys a seat and puts it into the cart of another person; returns the charge. */
async function claimedSeat(call: Call, name: string, receiver: Call, plan: string, email: string): Promise<string> {
  await call('POST', '/api/cart', { plan, sync_on: email });
  const paid = await pays(call, name);
  assert.equal(paid.status, 201, paid.text);
  await app.tollgate.relay.drain();
  const code = /\b[0-9a-f]{40}\b/.exec(app.tollgate.mailbox.list(email)[0]?.text ?? '')?.[0];
  const claimed = await receiver('POST', '/api/cart/redeem', { code });
  assert.equal(claimed.status, 200, claimed.text);
  return String(paid.json()['processor_key']);
}

async function decides(key: string, state: 'disputed' | 'done'): Promise<void> {
  await app.db.updateTable('test_processor_charges').set({ state }).where('key', '=', key).execute();
  const charge = await findCharge(app.db, key);
  assert.ok(charge);
  await refreshCharge(ctx, charge);
}

test('a seat that is refunded while it waits in a cart is not given', async () => {
  const [buyer, receiver] = [await person('giver'), await person('taker')];
  const plan = await makePlan(ctx);
  const key = await claimedSeat(buyer, 'giver', receiver, plan.slug, 'taken@example.com');
  const shown = (await receiver('GET', '/api/billing/taker/checkout')).json()['cart_version'];
  await broker('POST', `/api/billing/giver/charges/${key}/refund`, { lines: [{ num: 0 }] });
  for (const body of [{}, { cart_version: shown }]) {
    const refused = await pays(receiver, 'taker', body);
    assert.deepEqual([refused.status, refused.json()['code'], refused.json()['results']], [409, 'cart_changed', []]);
  }
  await receiver('GET', '/api/billing/taker/checkout');
  assert.equal((await pays(receiver, 'taker')).status, 409, 'nothing is left to order');
  assert.equal(await plansOf(receiver, 'taker'), 0);
});

test('a seat whose payment is disputed while it waits in a cart is given when the dispute was won', async () => {
  const [buyer, receiver] = [await person('doubtful'), await person('waiting')];
  const plan = await makePlan(ctx);
  const key = await claimedSeat(buyer, 'doubtful', receiver, plan.slug, 'disputed@example.com');
  await decides(key, 'disputed');
  assert.equal((await pays(receiver, 'waiting')).status, 409);
  assert.equal(await plansOf(receiver, 'waiting'), 0);
  await decides(key, 'done');
  await receiver('GET', '/api/billing/waiting/checkout');
  assert.deepEqual([(await pays(receiver, 'waiting')).status, await plansOf(receiver, 'waiting')], [200, 1]);
});

test('a free line in another currency is part of a paid order: a charge is in one unit', async () => {
  const [buyer, receiver] = [await person('abroad'), await person('at-home')];
  const [foreign, own] = [await makePlan(ctx, { unit: 'eur' }), await makePlan(ctx)];
  await claimedSeat(buyer, 'abroad', receiver, foreign.slug, 'euro@example.com');
  await receiver('POST', '/api/cart', { plan: own.slug });
  const paid = await pays(receiver, 'at-home');
  assert.deepEqual([paid.status, paid.json()['amount'], paid.json()['unit']], [201, 2000, 'usd'], paid.text);
  assert.equal(await plansOf(receiver, 'at-home'), 2);
  assert.deepEqual((await verifyLedger(app.db)).violations, []);
});

test('the spellings of one address are one seat, and any of them removes it', async () => {
  const buyer = await person('speller');
  const plan = await makePlan(ctx);
  const spellings = ['ann@bücher.example', 'ANN@xn--bcher-kva.example', ' ann@bu\u0308cher.example\u200b'];
  for (const sync_on of spellings) await buyer('POST', '/api/cart', { plan: plan.slug, sync_on });
  for (const email of spellings) {
    assert.equal((await buyer('DELETE', `/api/cart?email=${encodeURIComponent(email)}`)).status, 204);
    const empty = await buyer('GET', '/api/billing/speller/checkout');
    assert.deepEqual(empty.json()['results'], []);
    for (const sync_on of spellings) await buyer('POST', '/api/cart', { plan: plan.slug, sync_on });
  }
  const paid = await pays(buyer, 'speller');
  assert.deepEqual([paid.status, paid.json()['amount']], [201, 2000], paid.text);
  assert.equal((await buyer('GET', '/api/billing/speller/seats')).json()['count'], 1);
});

test('a row of an uploaded list names an address, in whatever spelling', () => {
  assert.deepEqual(readPerson(['Ann', 'Lee', ' ANN@Bücher.example\u200b']), {
    full_name: 'Ann Lee',
    email: 'ann@xn--bcher-kva.example',
  });
  for (const email of ['', 'ann', '\u200b@\u200b.\u200b', 'a@b', `${'a'.repeat(250)}@example.com`]) {
    const refused = readPerson(['Ann Lee', email]);
    assert.ok('error' in refused && typeof refused.error === 'object' && 'email' in refused.error, email);
  }
});
