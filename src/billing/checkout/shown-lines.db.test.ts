import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findUserByUsername } from '#accounts';
import { inTransaction } from '#platform/db/database';
import { makeManager } from '#profiles';
import { apiClient, browserClient, registerUser } from '../../../test/support/client.ts';
import { makeCoupon, makePlan } from '../../../test/support/factories/catalog.ts';
import type { TestContext } from '../../../test/support/context.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

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
const changePlan = async (slug: string, change: object) => {
  const reply = await broker('PATCH', `/api/profile/cowork/plans/${slug}`, change);
  assert.equal(reply.status, 200, reply.text);
};
const chargesOf = async (name: string) =>
  app.db
    .selectFrom('charges')
    .innerJoin('profiles', 'profiles.id', 'charges.profile_id')
    .select('charges.amount')
    .where('profiles.slug', '=', name)
    .execute();

const changes: [string, (facts: { plan: string; code: string }) => Promise<void>][] = [
  ['raised', ({ plan }) => changePlan(plan, { period_amount: 9000 })],
  ['lowered', ({ plan }) => changePlan(plan, { period_amount: 500 })],
  ['withdrawn', ({ plan }) => changePlan(plan, { is_active: false })],
  ['unpriced', ({ plan }) => changePlan(plan, { is_not_priced: true })],
  ['period', ({ plan }) => changePlan(plan, { period_type: 'yearly' })],
  ['length', ({ plan }) => changePlan(plan, { period_length: 2 })],
  ['currency', ({ plan }) => changePlan(plan, { unit: 'eur' })],
  ['setup', ({ plan }) => changePlan(plan, { setup_amount: 700 })],
  ['use', ({ plan }) => changePlan(plan, { use_charges: [{ slug: `${plan}-use`, use_amount: 900 }] })],
  ['useless', ({ plan }) => changePlan(plan, { use_charges: [] })],
  ['optionless', ({ plan }) => changePlan(plan, { advance_discounts: [] })],
  [
    'dearer',
    ({ plan }) =>
      changePlan(plan, { advance_discounts: [{ discount_type: 'percentage', discount_value: 100, length: 12 }] }),
  ],
  ['deleted', async ({ code }) => void (await broker('DELETE', `/api/billing/cowork/coupons/${code}`))],
  [
    'cut',
    async ({ code }) => void (await broker('PATCH', `/api/billing/cowork/coupons/${code}`, { discount_value: 1000 })),
  ],
  [
    'spent',
    async ({ code }) => void (await broker('PATCH', `/api/billing/cowork/coupons/${code}`, { nb_attempts: 0 })),
  ],
  [
    'ended',
    async ({ code }) =>
      void (await broker('PATCH', `/api/billing/cowork/coupons/${code}`, { ends_at: '2020-01-01T00:00:00Z' })),
  ],
];

for (const [index, [change, apply]] of changes.entries()) {
  test(`a checkout is refused with the new lines when the offer is ${change} after it was shown`, async () => {
    const name = `buyer-${index}`;
    const call = await registerCaller(name);
    const plan = await makePlan(ctx, {
      use_charges: [{ slug: `use-${change}`, use_amount: 300 }],
      advance_discounts: [{ discount_type: 'percentage', discount_value: 1000, length: 12 }],
    });
    const use_slug = plan.use_charges[0]?.slug ?? '';
    await app.db
      .updateTable('use_charges')
      .set({ slug: `${plan.slug}-use` })
      .where('slug', '=', use_slug)
      .execute();
    const coupon = await makeCoupon(ctx, { code: `CODE-${index}` });
    await call('POST', '/api/cart', { plan: plan.slug, use: `${plan.slug}-use`, quantity: 2 });
    await call('POST', '/api/cart/redeem', { code: coupon.code });
    const items = [{ option: 2 }];
    // Every second buyer requests the checkout first and sends its cart_version.
    const look = index % 2 === 1 ? (await call('GET', `/api/billing/${name}/checkout`)).json() : null;
    await apply({ plan: plan.slug, code: coupon.code });
    for (const sent of look === null ? [{}] : [{}, { cart_version: look['cart_version'] }]) {
      const refused = await checkOut(call, name, { items, ...sent });
      assert.deepEqual([refused.status, refused.json()['code']], [409, 'cart_changed'], refused.text);
      assert.ok(Array.isArray(refused.json()['results']), refused.text);
    }
    assert.deepEqual(await chargesOf(name), []);
    const again = await checkOut(call, name, { items });
    assert.equal(again.status, 409, 'a refusal does not record its lines as shown');
  });
}

test('the lines of a refusal are confirmed by their cart_version', async () => {
  const call = await registerCaller('confirms');
  const plan = await makePlan(ctx);
  await call('POST', '/api/cart', { plan: plan.slug });
  const before = (await call('GET', '/api/billing/confirms/checkout')).json()['cart_version'];
  await changePlan(plan.slug, { period_amount: 3000 });
  const refused = await checkOut(call, 'confirms', { cart_version: before });
  assert.equal(refused.status, 409);
  const paid = await checkOut(call, 'confirms', { cart_version: refused.json()['cart_version'] });
  assert.deepEqual([paid.status, paid.json()['amount']], [201, 3000]);
});

test('adding an item records its line as shown, and no other line', async () => {
  const call = await registerCaller('adds');
  const [first, second] = [await makePlan(ctx), await makePlan(ctx)];
  await call('POST', '/api/cart', { plan: first.slug });
  await changePlan(first.slug, { period_amount: 4000 });
  const added = await call('POST', '/api/cart', { plan: second.slug });
  assert.match(String(added.json()['detail']), /\$20\.00 for 1 month/);
  assert.equal((await checkOut(call, 'adds')).status, 409);
  await call('GET', '/api/billing/adds/checkout');
  assert.equal((await checkOut(call, 'adds')).json()['amount'], 6000);
});

test('a cart with only withdrawn or deleted plans is refused, not ordered free of charge', async () => {
  const call = await registerCaller('leftover');
  const plan = await makePlan(ctx);
  await call('POST', '/api/cart', { plan: plan.slug });
  await changePlan(plan.slug, { is_active: false });
  assert.equal((await checkOut(call, 'leftover')).status, 409);
  await call('GET', '/api/billing/leftover/checkout');
  assert.equal((await checkOut(call, 'leftover')).status, 409, 'the item is still in the cart');
  await call('DELETE', '/api/cart');
  assert.equal((await checkOut(call, 'leftover')).status, 200);

  const gone = await makePlan(ctx);
  await call('POST', '/api/cart', { plan: gone.slug });
  assert.equal((await broker('DELETE', `/api/profile/cowork/plans/${gone.slug}`)).status, 204);
  assert.equal((await checkOut(call, 'leftover')).status, 409);
  await call('GET', '/api/billing/leftover/checkout');
  assert.equal((await checkOut(call, 'leftover')).status, 200);
});

test('choices are refused unless there is one valid option for each line', async () => {
  const call = await registerCaller('chooser');
  const plan = await makePlan(ctx, {
    advance_discounts: [{ discount_type: 'percentage', discount_value: 1000, length: 12 }],
  });
  const single = await makePlan(ctx);
  await call('POST', '/api/cart', [{ plan: plan.slug, option: 2 }, { plan: single.slug }]);
  for (const options of [[1], [1, 1, 1], [2, 2], [1, 1], [3, 1]]) {
    const refused = await checkOut(call, 'chooser', { items: options.map((option) => ({ option })) });
    assert.deepEqual([refused.status, refused.json()['code']], [400, 'invalid_input'], String(options));
    assert.ok('items' in refused.json());
  }
  const shown = await call('GET', '/api/billing/chooser/checkout');
  const results: unknown = shown.json()['results'];
  assert.ok(Array.isArray(results));
  const named = results.map((each: { subscription: { plan: { slug: string } } }) => each.subscription.plan.slug);
  for (const plans of [named.toReversed(), ['no-such-plan', named[1]]]) {
    const refused = await checkOut(call, 'chooser', { items: plans.map((plan) => ({ plan, option: 1 })) });
    assert.deepEqual([refused.status, refused.json()['code']], [400, 'invalid_input'], 'the items are for other plans');
  }
  const at = results.findIndex((each) => JSON.stringify(each).includes(`"slug":"${plan.slug}"`));
  const paid = await checkOut(call, 'chooser', {
    items: results.map((_, index) => ({ option: index === at ? 2 : 1, plan: named[index] })),
  });
  assert.deepEqual([paid.status, paid.json()['amount']], [201, 23_600]);
});

test('an item that the broker changed is not charged before it was shown to the owner of the cart', async () => {
  const call = await registerCaller('quiet');
  const plan = await makePlan(ctx, {
    advance_discounts: [{ discount_type: 'percentage', discount_value: 1000, length: 12 }],
  });
  const added = await call('POST', '/api/cart', { plan: plan.slug, option: 1 });
  await broker('PATCH', `/api/billing/cartitems/${String(added.json()['id'])}`, { option: 2 });
  assert.equal((await checkOut(call, 'quiet')).status, 409);
  await call('GET', '/api/billing/quiet/checkout');
  assert.equal((await checkOut(call, 'quiet')).json()['amount'], 21_600);

  await call('POST', '/api/cart', { plan: plan.slug, option: 1 });
  await broker('POST', '/api/billing/cartitems', { user: 'quiet', plan: plan.slug, option: 2 });
  const refused = await checkOut(call, 'quiet');
  assert.deepEqual([refused.status, refused.json()['code']], [409, 'cart_changed']);
  const confirmed = await checkOut(call, 'quiet', { cart_version: refused.json()['cart_version'] });
  assert.deepEqual([confirmed.status, confirmed.json()['amount']], [201, 21_600]);
});

test('a buyer who signs in is charged what the browser was shown, otherwise refused with the new lines', async () => {
  const name = 'arriving';
  const call = await registerCaller(name);
  const [own, chosen] = [await makePlan(ctx), await makePlan(ctx)];
  await call('POST', '/api/cart', { plan: own.slug });
  const browser = browserClient(app);
  await browser.get('/pricing/');
  await browser.post('/billing/cart/', { plan: chosen.slug });
  await changePlan(chosen.slug, { period_amount: 2500 });
  await browser.get('/login/');
  await browser.post('/login/', { username: name, password: 'correct horse 7' });
  await browser.get('/pricing/');
  await browser.post('/billing/cart/', { plan: own.slug });
  assert.equal((await checkOut(call, name)).status, 409);
  await call('GET', `/api/billing/${name}/checkout`);
  assert.equal((await checkOut(call, name)).json()['amount'], 4500);
});

test('a coupon that ends while it is in the cart keeps the shown price', async () => {
  const call = await registerCaller('slow');
  const plan = await makePlan(ctx);
  const ends_at = new Date(app.clock.now().getTime() + 60_000);
  const coupon = await makeCoupon(ctx, { code: 'SOON', ends_at });
  await call('POST', '/api/cart', { plan: plan.slug });
  await call('POST', '/api/cart/redeem', { code: coupon.code });
  const shown = (await call('GET', '/api/billing/slow/checkout')).json()['cart_version'];
  app.clock.set(new Date(app.clock.now().getTime() + 120_000));
  const paid = await checkOut(call, 'slow', { cart_version: shown });
  assert.deepEqual([paid.status, paid.json()['amount']], [201, 1000], paid.text);

  await makeCoupon(ctx, { code: 'SOONER', ends_at: new Date(app.clock.now().getTime() + 60_000) });
  await call('POST', '/api/cart', { plan: plan.slug });
  await call('POST', '/api/cart/redeem', { code: 'SOONER' });
  app.clock.set(new Date(app.clock.now().getTime() + 120_000));
  await call('GET', '/api/billing/slow/checkout');
  assert.equal((await checkOut(call, 'slow')).json()['amount'], 2000, 'a later response shows the price without it');
});

test('a payer is not charged for lines shown for another payer of the same cart', async () => {
  const call = await registerCaller('manager');
  const company = (
    await call('POST', '/api/users/manager/profiles', { full_name: 'Own Company', type: 'organization' })
  ).json()['slug'];
  const plan = await makePlan(ctx, { setup_amount: 500 });
  await call('POST', '/api/cart', { plan: plan.slug });
  assert.equal((await checkOut(call, 'manager')).json()['amount'], 2500);
  await call('POST', '/api/cart', { plan: plan.slug });
  await call('GET', '/api/billing/manager/checkout');
  const refused = await checkOut(call, String(company));
  assert.deepEqual([refused.status, refused.json()['code']], [409, 'cart_changed'], 'the setup fee was not shown');
  await call('GET', `/api/billing/${String(company)}/checkout`);
  assert.equal((await checkOut(call, String(company))).json()['amount'], 2500);
});

test('a coupon that lowers the total below the card minimum can be removed, with or without its code', async () => {
  const call = await registerCaller('small');
  const plan = await makePlan(ctx);
  await makeCoupon(ctx, { code: 'ALMOST', discount_type: 'currency', discount_value: 1991 });
  await call('POST', '/api/cart', { plan: plan.slug });
  await call('POST', '/api/cart/redeem', { code: 'ALMOST' });
  const refused = await checkOut(call, 'small');
  assert.deepEqual(
    [refused.status, refused.json()['code'], refused.json()['location']],
    [400, 'charge_too_small', '/billing/small/cart/'],
  );
  assert.deepEqual(refused.json()['actions'], [{ method: 'DELETE', path: '/api/cart/redeem' }]);
  const kept = await call('DELETE', '/api/cart/redeem?code=OTHER');
  assert.equal(kept.json()['detail'], 'The cart has no coupon with this code.');
  assert.equal((await checkOut(call, 'small')).status, 400);
  const removed = await call('DELETE', '/api/cart/redeem?code=almost%20');
  assert.deepEqual([removed.status, removed.json()['detail']], [200, 'Removed from the cart: ALMOST.']);
  assert.equal((await checkOut(call, 'small')).json()['amount'], 2000);
});

test('a code entered before a plan is chosen applies to the plan that it fits, for users and for visitors', async () => {
  const call = await registerCaller('early');
  const [other, plan] = [await makePlan(ctx), await makePlan(ctx)];
  await makeCoupon(ctx, { code: 'EARLY', plan_id: plan.id });
  const remembered = await call('POST', '/api/cart/redeem', { code: ' early\u200b' });
  assert.equal(remembered.status, 200, remembered.text);
  assert.match(String(remembered.json()['detail']), /is remembered/);
  assert.equal((await call('POST', '/api/cart/redeem', { code: 'NEVER-MADE' })).status, 400);
  await call('POST', '/api/cart', { plan: other.slug });
  const added = await call('POST', '/api/cart', { plan: plan.slug });
  assert.match(String(added.json()['detail']), /\$10\.00 for 1 month \(code: EARLY\)/);
  assert.equal((await checkOut(call, 'early')).json()['amount'], 3000);
  await call('POST', '/api/cart', { plan: plan.slug });
  assert.equal((await checkOut(call, 'early')).json()['amount'], 2000, 'a code is remembered for one order');

  const browser = browserClient(app);
  await browser.get('/redeem/');
  assert.equal((await browser.post('/redeem/', { code: 'EARLY' })).status, 303);
  await browser.get('/pricing/');
  await browser.post('/billing/cart/', { plan: plan.slug });
  const items = await app.db
    .selectFrom('cart_items')
    .select('coupon_id')
    .where('visitor_hash', 'is not', null)
    .execute();
  assert.ok(items.some(({ coupon_id }) => coupon_id !== null));
});

test('a withdrawn plan in another currency does not block a cart', async () => {
  const call = await registerCaller('traveller');
  const [foreign, own] = [await makePlan(ctx, { unit: 'eur' }), await makePlan(ctx)];
  await call('POST', '/api/cart', { plan: foreign.slug });
  assert.equal((await call('POST', '/api/cart', { plan: own.slug })).json()['code'], 'currency_mixed');
  await changePlan(foreign.slug, { is_active: false });
  assert.equal((await call('POST', '/api/cart', { plan: own.slug })).status, 201);
  await call('GET', '/api/billing/traveller/checkout');
  assert.equal((await checkOut(call, 'traveller')).json()['amount'], 2000);
});

test('an order in two currencies is refused with the action that resolves it', async () => {
  const call = await registerCaller('mixed-up');
  const [first, second] = [await makePlan(ctx), await makePlan(ctx)];
  await call('POST', '/api/cart', [{ plan: first.slug }, { plan: second.slug }]);
  await changePlan(first.slug, { unit: 'eur' });
  await call('GET', '/api/billing/mixed-up/checkout');
  const refused = await checkOut(call, 'mixed-up');
  assert.deepEqual(
    [refused.status, refused.json()['code'], refused.json()['location']],
    [400, 'currency_mixed', '/billing/mixed-up/cart/'],
  );
  assert.deepEqual(refused.json()['actions'], [{ method: 'DELETE', path: '/api/cart' }]);
  const browser = browserClient(app);
  await browser.get('/login/');
  await browser.post('/login/', { username: 'mixed-up', password: 'correct horse 7' });
  const { text } = await browser.get('/billing/mixed-up/checkout/');
  assert.match(text, /One payment is in one currency/);
  assert.match(text, /\$20\.00/);
  assert.match(text, /€20\.00/);
  assert.ok(!text.includes('Nothing to pay'));
});
