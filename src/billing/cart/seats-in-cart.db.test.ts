import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findUserByUsername } from '#accounts';
import { verifyLedger } from '#ledger';
import { findCharge, refreshCharge } from '#payments';
import { inTransaction } from '#platform/db/database';
import { makeManager } from '#profiles';
import { apiClient, registerUser } from '../../../test/support/client.ts';
import type { TestContext } from '../../../test/support/context.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { ownAddress } from '../../../test/support/own-address.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';
import { finishOrders } from '../orders/finish-orders.ts';
import { parsePerson } from './people-file.ts';

let app: TestApp;
let ctx: TestContext;
let broker: ReturnType<typeof apiClient>;
before(async () => {
  app = await startApp();
  ctx = { ...(await app.tollgate.makeContext('test')), clock: app.clock };
  broker = apiClient(app, await registerUser(app, 'operator'));
  const user = await findUserByUsername(app.db, 'operator');
  assert.ok(user);
  await inTransaction(app.db, (tx) => makeManager(tx, { id: ctx.site.broker_id }, user, app.clock.now()));
});
after(() => app.close());

type Call = ReturnType<typeof apiClient>;
const registerCaller = async (name: string): Promise<Call> => apiClient(app, await registerUser(app, name));
const checkOut = (call: Call, name: string, body: object = {}) =>
  call('POST', `/api/billing/${name}/checkout`, { processor_token: 'tok_visa', ...body });
const countSubscriptions = async (call: Call, name: string) =>
  (await call('GET', `/api/profile/${name}/subscriptions`)).json()['count'];

/** Buys a seat and adds it to the cart of the receiver; returns the key of the charge. */
async function claimSeat(
  [call, name]: readonly [Call, string],
  [receiver, username]: readonly [Call, string],
  plan: string,
  email: string,
): Promise<string> {
  await call('POST', '/api/cart', { plan, sync_on: email });
  const paid = await checkOut(call, name);
  assert.equal(paid.status, 201, paid.text);
  await app.tollgate.worker.drain();
  const code = /\b[0-9a-f]{40}\b/.exec(app.tollgate.mailbox.list(email)[0]?.text ?? '')?.[0];
  await ownAddress(app, username, email);
  const claimed = await receiver('POST', '/api/cart/redeem', { code });
  assert.equal(claimed.status, 200, claimed.text);
  return String(paid.json()['processor_key']);
}

async function setChargeState(key: string, state: 'disputed' | 'done'): Promise<void> {
  await app.db.updateTable('test_processor_charges').set({ state, disputes_count: 1 }).where('key', '=', key).execute();
  const charge = await findCharge(app.db, key);
  assert.ok(charge);
  await refreshCharge(ctx, charge);
}

test('a claimed seat in a cart is not ordered after its payment was refunded', async () => {
  const [buyer, receiver] = [await registerCaller('giver'), await registerCaller('taker')];
  const plan = await makePlan(ctx);
  const key = await claimSeat([buyer, 'giver'], [receiver, 'taker'], plan.slug, 'taken@example.com');
  const shown = (await receiver('GET', '/api/billing/taker/checkout')).json()['cart_version'];
  await broker('POST', `/api/billing/giver/charges/${key}/refund`, { lines: [{ num: 0 }] });
  for (const body of [{}, { cart_version: shown }]) {
    const refused = await checkOut(receiver, 'taker', body);
    assert.deepEqual([refused.status, refused.json()['code'], refused.json()['results']], [409, 'cart_changed', []]);
  }
  await receiver('GET', '/api/billing/taker/checkout');
  assert.equal((await checkOut(receiver, 'taker')).status, 409, 'the cart has nothing to order');
  assert.equal(await countSubscriptions(receiver, 'taker'), 0);
});

test('a claimed seat in a cart is refused while its payment is disputed, and ordered after the dispute is won', async () => {
  const [buyer, receiver] = [await registerCaller('doubtful'), await registerCaller('waiting')];
  const plan = await makePlan(ctx);
  const key = await claimSeat([buyer, 'doubtful'], [receiver, 'waiting'], plan.slug, 'disputed@example.com');
  await setChargeState(key, 'disputed');
  assert.equal((await checkOut(receiver, 'waiting')).status, 409);
  assert.equal(await countSubscriptions(receiver, 'waiting'), 0);
  await setChargeState(key, 'done');
  await receiver('GET', '/api/billing/waiting/checkout');
  assert.deepEqual(
    [(await checkOut(receiver, 'waiting')).status, await countSubscriptions(receiver, 'waiting')],
    [200, 1],
  );
});

test('a free line in another currency is ordered with paid lines and takes the unit of the charge', async () => {
  const [buyer, receiver] = [await registerCaller('abroad'), await registerCaller('at-home')];
  const [foreign, own] = [await makePlan(ctx, { unit: 'eur' }), await makePlan(ctx)];
  await claimSeat([buyer, 'abroad'], [receiver, 'at-home'], foreign.slug, 'euro@example.com');
  await receiver('POST', '/api/cart', { plan: own.slug });
  const paid = await checkOut(receiver, 'at-home');
  assert.deepEqual([paid.status, paid.json()['amount'], paid.json()['unit']], [201, 2000, 'usd'], paid.text);
  assert.equal(await countSubscriptions(receiver, 'at-home'), 2);
  assert.deepEqual((await verifyLedger(app.db)).violations, []);
});

test('an address in several spellings is one seat, and each spelling removes it', async () => {
  const buyer = await registerCaller('speller');
  const plan = await makePlan(ctx);
  const spellings = ['ann@bücher.example', 'ANN@xn--bcher-kva.example', ' ann@bu\u0308cher.example\u200b'];
  for (const sync_on of spellings) await buyer('POST', '/api/cart', { plan: plan.slug, sync_on });
  for (const email of spellings) {
    assert.equal((await buyer('DELETE', `/api/cart?email=${encodeURIComponent(email)}`)).status, 204);
    const empty = await buyer('GET', '/api/billing/speller/checkout');
    assert.deepEqual(empty.json()['results'], []);
    for (const sync_on of spellings) await buyer('POST', '/api/cart', { plan: plan.slug, sync_on });
  }
  const paid = await checkOut(buyer, 'speller');
  assert.deepEqual([paid.status, paid.json()['amount']], [201, 2000], paid.text);
  assert.equal((await buyer('GET', '/api/billing/speller/seats')).json()['count'], 1);
});

test('a claim code is refused when the cart is full, and stays valid', async () => {
  const [buyer, receiver] = [await registerCaller('full-giver'), await registerCaller('full-taker')];
  const plan = await makePlan(ctx);
  await app.database.executeSql(
    `insert into cart_items (user_id, plan_id, sync_on, email, created_at)
      select id, $1, 'p' || n || '@example.com', 'p' || n || '@example.com', $2
      from users, generate_series(1, 10000) n where username = 'full-taker'`,
    [plan.id, app.clock.now()],
  );
  await assert.rejects(
    claimSeat([buyer, 'full-giver'], [receiver, 'full-taker'], plan.slug, 'full@example.com'),
    /cart_full/,
  );
  await receiver('DELETE', '/api/cart?email=p1%40example.com');
  const code = /\b[0-9a-f]{40}\b/.exec(app.tollgate.mailbox.list('full@example.com')[0]?.text ?? '')?.[0];
  assert.equal((await receiver('POST', '/api/cart/redeem', { code })).status, 200);
});

test('a claimed seat in an open order cannot be removed from the cart, so its code stays used', async () => {
  const [buyer, receiver, other] = [
    await registerCaller('one-seat'),
    await registerCaller('quick'),
    await registerCaller('second'),
  ];
  const [plan, own] = [await makePlan(ctx), await makePlan(ctx)];
  await claimSeat([buyer, 'one-seat'], [receiver, 'quick'], plan.slug, 'once@example.com');
  await receiver('POST', '/api/cart', { plan: own.slug });
  const lost = await checkOut(receiver, 'quick', { processor_token: 'tok_timeout' });
  assert.equal(lost.status, 503, 'the outcome of the charge is unknown');
  assert.equal((await receiver('DELETE', '/api/cart')).status, 204);
  const code = /\b[0-9a-f]{40}\b/.exec(app.tollgate.mailbox.list('once@example.com')[0]?.text ?? '')?.[0];
  const [item] = (await broker('GET', '/api/billing/cartitems/user/quick')).json<{ results: { id: number }[] }>()
    .results;
  const removed = await broker('DELETE', `/api/billing/cartitems/${item?.id}`);
  assert.deepEqual([removed.status, removed.json()['code']], [409, 'checkout_in_flight']);
  await ownAddress(app, 'quick', 'quick@example.com');
  await ownAddress(app, 'second', 'once@example.com');
  const used = await other('POST', '/api/cart/redeem', { code });
  assert.deepEqual([used.status, used.json()['code']], [409, 'claim_used']);
  app.clock.set(new Date(app.clock.now().getTime() + 90_000));
  await finishOrders(ctx);
  assert.equal(await countSubscriptions(receiver, 'quick'), 2);
  assert.equal((await other('POST', '/api/cart/redeem', { code })).status, 409);
});

test('deleting an account empties its cart, and another user can claim its seats', async () => {
  const [buyer, leaver, other] = [
    await registerCaller('stays'),
    await registerCaller('leaver'),
    await registerCaller('follower'),
  ];
  const plan = await makePlan(ctx);
  await claimSeat([buyer, 'stays'], [leaver, 'leaver'], plan.slug, 'left@example.com');
  await leaver('POST', '/api/cart', { plan: plan.slug, sync_on: 'friend-of-leaver@example.com' });
  const deleted = await leaver('DELETE', '/api/users/leaver', { password: 'correct horse 7' });
  assert.equal(deleted.status, 204, deleted.text);
  const left = await app.db
    .selectFrom('cart_items')
    .select('id')
    .where('sync_on', 'like', 'friend-of-leaver%')
    .execute();
  assert.deepEqual(left, []);
  const code = /\b[0-9a-f]{40}\b/.exec(app.tollgate.mailbox.list('left@example.com')[0]?.text ?? '')?.[0];
  await ownAddress(app, 'follower', 'left@example.com');
  assert.equal((await other('POST', '/api/cart/redeem', { code })).status, 200);
});

test('a claimed seat is ordered after its payer deleted the account, and no text shows an internal name', async () => {
  const [buyer, receiver] = [await registerCaller('vanishing'), await registerCaller('remaining')];
  const plan = await makePlan(ctx);
  await buyer('POST', '/api/cart', { plan: plan.slug, sync_on: 'kept@example.com' });
  await checkOut(buyer, 'vanishing');
  await app.tollgate.worker.drain();
  const code = /\b[0-9a-f]{40}\b/.exec(app.tollgate.mailbox.list('kept@example.com')[0]?.text ?? '')?.[0];
  assert.equal((await buyer('DELETE', '/api/users/vanishing', { password: 'correct horse 7' })).status, 204);
  await ownAddress(app, 'remaining', 'kept@example.com');
  const claimed = await receiver('POST', '/api/cart/redeem', { code });
  assert.match(claimed.text, /is in your cart, paid for 1 month/);
  assert.equal((await checkOut(receiver, 'remaining')).status, 200);
  const history = await receiver('GET', '/api/billing/remaining/history');
  assert.match(history.text, /a 100% discount, complimentary"/);
  assert.ok(!history.text.includes('complimentary of'));
});

test('a row of an uploaded list is accepted with an address in any spelling', () => {
  assert.deepEqual(parsePerson(['Ann', 'Lee', ' ANN@Bücher.example\u200b']), {
    full_name: 'Ann Lee',
    email: 'ann@xn--bcher-kva.example',
  });
  for (const email of ['', 'ann', '\u200b@\u200b.\u200b', 'a@b', `${'a'.repeat(250)}@example.com`]) {
    const refused = parsePerson(['Ann Lee', email]);
    assert.ok('error' in refused && typeof refused.error === 'object' && 'email' in refused.error, email);
  }
});
