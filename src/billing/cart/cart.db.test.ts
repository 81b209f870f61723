import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findUserByUsername } from '#accounts';
import { inTransaction } from '#platform/db/database';
import { makeManager } from '#profiles';
import { apiClient, browserClient, registerUser } from '../../../test/support/client.ts';
import { next } from '../../../test/support/factories.ts';
import { makeCoupon, makePlan } from '../../../test/support/factories/catalog.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';
import type { TestContext } from '../../../test/support/context.ts';
import { USER_ITEMS_MAX } from '../records/cart-item.ts';
import { uploadCart } from './upload-cart.ts';

let app: TestApp;
let ctx: TestContext;
let broker: ReturnType<typeof apiClient>;
before(async () => {
  app = await startApp();
  ctx = { ...(await app.tollgate.makeContext('test')), clock: app.clock };
  broker = apiClient(app, await registerUser(app, 'seller'));
  const user = await findUserByUsername(app.db, 'seller');
  assert.ok(user);
  await inTransaction(app.db, (tx) => makeManager(tx, { id: ctx.site.broker_id }, user, app.clock.now()));
});
after(() => app.close());

const registerBuyer = async (name: string) => apiClient(app, await registerUser(app, name));

test('adding a plan twice creates one item and updates it', async () => {
  const plan = await makePlan(ctx);
  const call = await registerBuyer('again');
  const first = await call('POST', '/api/cart', { plan: plan.slug, option: 1 });
  const second = await call('POST', '/api/cart', { plan: plan.slug, option: 2 });
  assert.deepEqual([first.status, second.status], [201, 200], second.text);
  const rows = await app.db.selectFrom('cart_items').select('option').where('plan_id', '=', plan.id).execute();
  assert.deepEqual(rows, [{ option: 2 }]);
});

test('a filter that is empty or misspelled is refused and removes nothing from the cart', async () => {
  const ada = await registerBuyer('ada-filter');
  const plan = await makePlan(ctx);
  assert.equal((await ada('POST', '/api/cart', { plan: plan.slug })).status, 201);
  for (const [query, field] of [
    ['plan=', 'plan'],
    ['email=', 'email'],
    ['plans=x', 'plans'],
  ] as const) {
    const refused = await ada('DELETE', `/api/cart?${query}`);
    assert.equal(refused.status, 400);
    assert.ok(Array.isArray(refused.json()[field]), refused.text);
  }
  assert.equal((await ada('POST', '/api/cart', { plan: plan.slug })).status, 200);
});

test('an unknown, inactive or unpriced plan cannot be added to a cart', async () => {
  const call = await registerBuyer('window');
  const hidden = await makePlan(ctx, { is_active: false });
  const talk = await makePlan(ctx, { is_not_priced: true });
  for (const plan of ['no-such-plan', hidden.slug, talk.slug]) {
    const reply = await call('POST', '/api/cart', { plan });
    assert.deepEqual([reply.status, reply.json()['code']], [400, 'invalid_input'], plan);
    assert.ok(Array.isArray(reply.json()['plan']), reply.text);
  }
});

test('a request that exceeds the maximum of a cart adds no item', async () => {
  const plan = await makePlan(ctx);
  const call = await registerBuyer('hoarder');
  const user = await findUserByUsername(app.db, 'hoarder');
  assert.ok(user);
  await app.database.executeSql(
    `insert into cart_items (user_id, plan_id, sync_on, created_at)
      select $1, $2, 'guest-' || n || '@example.com', $3 from generate_series(1, $4::int) n`,
    [user.id, plan.id, app.clock.now(), USER_ITEMS_MAX],
  );
  const reply = await call('POST', '/api/cart', { plan: plan.slug, sync_on: 'one-more@example.com' });
  assert.deepEqual([reply.status, reply.json()['code']], [400, 'cart_full']);
  const count = await app.db.selectFrom('cart_items').select('id').where('user_id', '=', user.id).execute();
  assert.equal(count.length, USER_ITEMS_MAX);
});

test('a coupon that applies to no item is refused and not attached', async () => {
  const plan = await makePlan(ctx);
  const elsewhere = await makePlan(ctx);
  const coupon = await makeCoupon(ctx, { plan_id: elsewhere.id });
  const call = await registerBuyer('hopeful');
  await call('POST', '/api/cart', { plan: plan.slug, option: 1 });
  for (const code of [coupon.code, 'NO-SUCH-CODE']) {
    const reply = await call('POST', '/api/cart/redeem', { code });
    assert.deepEqual([reply.status, reply.json()['code']], [400, 'coupon_useless'], reply.text);
  }
  const rows = await app.db.selectFrom('cart_items').select('coupon_id').where('plan_id', '=', plan.id).execute();
  assert.deepEqual(rows, [{ coupon_id: null }]);
});

test('at sign-in the cart of a browser joins that of the user: duplicates once, with uses, quantities and the code', async () => {
  const team = await makePlan(ctx, { quantity_min: 1, quantity_max: 50 });
  const twice = await makePlan(ctx, { quantity_min: 1, quantity_max: 50 });
  const used = await makePlan(ctx, { use_charges: [{ slug: 'prints', title: 'Prints', use_amount: 300 }] });
  const coupon = await makeCoupon(ctx);
  const own = [
    { plan: twice.slug, quantity: 2 },
    { plan: team.slug, sync_on: 'Ann@example.com' },
  ];
  assert.equal((await (await registerBuyer('joiner'))('POST', '/api/cart', own)).status, 201);
  const browser = browserClient(app);
  await browser.get('/pricing/');
  const send = (url: string, payload: object) =>
    browser.send({ method: 'POST', url, headers: { accept: 'application/json' }, payload });
  const items = [
    { plan: team.slug, quantity: 3 },
    { plan: team.slug, sync_on: 'ann@example.com', full_name: 'Ann' },
    { plan: used.slug, use: 'prints', quantity: 4 },
    { plan: twice.slug, quantity: 7 },
  ];
  for (const item of items) {
    const added = await send('/api/cart', item);
    assert.equal(added.status, 201, added.text);
  }
  assert.equal((await send('/api/cart/redeem', { code: coupon.code })).status, 200);
  await browser.get('/login/');
  assert.equal((await browser.post('/login/', { username: 'joiner', password: 'correct horse 7' })).status, 303);
  // Two pages that are opened at the same time merge once.
  const cart = '/billing/joiner/cart/';
  const pages = await Promise.all([browser.get(cart), browser.get(cart)]);
  assert.ok(
    pages.every(({ status }) => status < 400),
    pages.map(({ status }) => status).join(),
  );
  const merged = await app.db
    .selectFrom('cart_items')
    .innerJoin('plans', 'plans.id', 'cart_items.plan_id')
    .select(['plans.slug', 'use_charge_id', 'quantity', 'sync_on', 'coupon_id', 'user_id', 'visitor_hash'])
    .where('plan_id', 'in', [team.id, twice.id, used.id])
    .orderBy('cart_items.plan_id')
    .orderBy('sync_on')
    .execute();
  assert.deepEqual(
    merged.map(({ slug, use_charge_id, quantity, sync_on, coupon_id }) => [
      slug,
      use_charge_id === null ? null : 'prints',
      quantity,
      sync_on,
      coupon_id,
    ]),
    [
      [team.slug, null, 0, 'ann@example.com', coupon.id],
      [team.slug, null, 3, null, coupon.id],
      [twice.slug, null, 2, null, coupon.id],
      [used.slug, 'prints', 4, null, coupon.id],
    ],
  );
  assert.equal(new Set(merged.map(({ user_id }) => user_id)).size, 1);
  assert.ok(merged.every(({ user_id, visitor_hash }) => user_id !== null && visitor_hash === null));
});

test('the broker reads and removes items of any cart, other users do not', async () => {
  const plan = await makePlan(ctx);
  const call = await registerBuyer('helped');
  await call('POST', '/api/cart', { plan: plan.slug, option: 1 });
  const list = await broker('GET', '/api/billing/cartitems/user/helped');
  const [item] = list.json<{ results: { id: number }[] }>().results;
  assert.ok(item, list.text);
  const url = `/api/billing/cartitems/${item.id}`;
  assert.equal((await broker('GET', url)).status, 200);
  assert.equal((await call('GET', url)).status, 403, 'the route is for the broker only');
  assert.equal((await broker('DELETE', url)).status, 204);
  for (const method of ['GET', 'DELETE'] as const) {
    const gone = await broker(method, url);
    assert.deepEqual([gone.status, gone.json()['code']], [404, 'cart_item_unknown']);
  }
});

test('the broker updates only documented members of an item, and not to a duplicate of another item', async () => {
  const call = await registerBuyer('changed');
  const plan = await makePlan(ctx);
  for (const sync_on of ['a@example.com', 'b@example.com']) {
    assert.equal((await call('POST', '/api/cart', { plan: plan.slug, sync_on })).status, 201);
  }
  const [item] = (await broker('GET', '/api/billing/cartitems/user/changed')).json<{ results: { id: number }[] }>()
    .results;
  assert.ok(item);
  const url = `/api/billing/cartitems/${item.id}`;
  const same = await broker('PATCH', url, { sync_on: 'B@example.com' });
  assert.deepEqual([same.status, same.json()['code']], [400, 'invalid_input']);
  const extra = await broker('PATCH', url, { quantity: 3, user_id: 1, recorded_at: null, claim_code: 'x', nope: 1 });
  assert.deepEqual([extra.status, extra.json()['quantity']], [200, 3], extra.text);
  const own = await broker('PATCH', url, { sync_on: '' });
  assert.deepEqual([own.status, own.json()['sync_on']], [200, null]);
  const unknown = await broker('PATCH', url, { sync_on: 'no-such-profile' });
  assert.equal(unknown.status, 400, 'an unknown person would block the checkout of the cart');
  assert.ok('sync_on' in unknown.json());
  const reached = await broker('PATCH', url, { sync_on: ' C@Example.com\u200b' });
  assert.deepEqual([reached.status, reached.json()['sync_on']], [200, 'c@example.com']);
});

test('the choice of periods is saved for each person, with and without uses', async () => {
  const call = await registerBuyer('chooser');
  await registerBuyer('friend');
  const advance_discounts = [{ discount_type: 'percentage' as const, discount_value: 1000, length: 12 }];
  const plan = await makePlan(ctx, { advance_discounts });
  const metered = await makePlan(ctx, {
    advance_discounts,
    use_charges: [{ slug: `${plan.slug}-use`, use_amount: 5 }],
  });
  for (const item of [
    { plan: plan.slug },
    { plan: plan.slug, sync_on: 'friend' },
    { plan: metered.slug, use: `${plan.slug}-use` },
  ]) {
    assert.equal((await call('POST', '/api/cart', item)).status, 201);
  }
  const browser = browserClient(app);
  await browser.get('/login/');
  await browser.post('/login/', { username: 'chooser', password: 'correct horse 7' });
  await browser.get('/billing/chooser/cart-periods/');
  const chosen = await browser.post('/billing/chooser/cart-periods/', {
    [`option-chooser:${plan.slug}`]: '1',
    [`option-friend:${plan.slug}`]: '2',
    [`option-chooser:${metered.slug}`]: '2',
  });
  assert.equal(chosen.status, 303, chosen.text);
  const options = await app.db
    .selectFrom('cart_items')
    .select(['sync_on', 'option'])
    .where('plan_id', 'in', [plan.id, metered.id])
    .orderBy('id')
    .execute();
  assert.deepEqual(
    options.map(({ sync_on, option }) => [sync_on, option]),
    [
      [null, 1],
      ['friend', 2],
      [null, 2],
    ],
  );
});

test('a receipt of another profile responds with 404', async () => {
  const plan = await makePlan(ctx);
  const payer = await registerBuyer('payer');
  const nosy = await registerBuyer('nosy');
  await payer('POST', '/api/cart', { plan: plan.slug, option: 1 });
  const paid = await payer('POST', '/api/billing/payer/checkout', {
    remember_card: false,
    processor_token: 'tok_visa',
  });
  assert.equal(paid.status, 201, paid.text);
  const [charge] = await app.db.selectFrom('charges').select('processor_key').execute();
  assert.ok(charge);
  assert.equal((await payer('GET', `/billing/payer/receipt/${charge.processor_key}/`)).status, 200);
  for (const path of [`/billing/nosy/receipt/${charge.processor_key}/`, `/billing/nosy/receipt/${'0'.repeat(24)}/`]) {
    const reply = await nosy('GET', path);
    assert.deepEqual([reply.status, reply.json()['code']], [404, 'receipt_unknown'], path);
  }
});

test('a receipt shows later refunds and the remaining total', async () => {
  const plan = await makePlan(ctx, { period_amount: 2000 });
  const payer = await registerBuyer('regretful');
  await payer('POST', '/api/cart', { plan: plan.slug, option: 1 });
  const paid = await payer('POST', '/api/billing/regretful/checkout', {
    remember_card: false,
    processor_token: 'tok_visa',
  });
  assert.equal(paid.status, 201, paid.text);
  const { processor_key } = paid.json();
  assert.ok(typeof processor_key === 'string', paid.text);
  const receipt = async () => (await payer('GET', `/billing/regretful/receipt/${processor_key}/`)).text;
  assert.doesNotMatch(await receipt(), /Refund/);

  const refund = await broker('POST', `/api/billing/regretful/charges/${processor_key}/refund`, {
    lines: [{ num: 0, refunded_amount: 500 }],
  });
  assert.equal(refund.status, 201, refund.text);
  const shown = await receipt();
  assert.match(shown, /Refund of [^<]+<small>Refunded on/);
  assert.match(shown, /Total.*\$15\.00/s);
});

test('every route accepts the slug of a plan with pasted blanks, capitals or wide letters', async () => {
  const call = await registerBuyer('paster');
  const plan = await makePlan(ctx);
  const wide = [...plan.slug].map((char) =>
    /[a-z0-9]/.test(char) ? String.fromCharCode(char.charCodeAt(0) + 0xfee0) : char,
  );
  for (const pasted of [` ${plan.slug}\t`, `${plan.slug.toUpperCase()}\u200b`, wide.join('')]) {
    assert.equal((await call('POST', '/api/cart', { plan: pasted })).status, 201, pasted);
    assert.equal((await call('DELETE', `/api/cart?plan=${encodeURIComponent(pasted)}`)).status, 204);
    const left = await app.db.selectFrom('cart_items').select('id').where('plan_id', '=', plan.id).execute();
    assert.deepEqual(left, []);
    const uploaded = await uploadCart(ctx, { visitor_hash: 'paster' }, pasted, 'Ann Lee,ann@example.com');
    assert.equal(uploaded.plan?.id, plan.id);
    await app.db.deleteFrom('cart_items').where('plan_id', '=', plan.id).execute();
    const coupon = { code: next('PASTED'), discount_type: 'percentage', discount_value: 100, plan: pasted };
    const made = await broker('POST', '/api/billing/cowork/coupons', coupon);
    assert.equal(made.status, 201, made.text);
  }
});
