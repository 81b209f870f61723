import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiClient, registerUser } from '../../../test/support/client.ts';
import { registerProvider } from '../../../test/support/register-managers.ts';
import { runJob } from '../../../test/support/run-job.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
before(async () => {
  app = await startApp({ config: { terms_required: false, throttle_factor: 1 } });
  const { call } = await registerProvider(app, 'seller', 'shop');
  const plan = { title: 'Basic', slug: 'basic', is_active: true, period_amount: 1000 };
  assert.equal((await call('POST', '/api/profile/shop/plans', plan)).status, 201);
  const coupon = { code: 'RIGHT10', discount_type: 'percentage', discount_value: 1000 };
  assert.equal((await call('POST', '/api/billing/shop/coupons', coupon)).status, 201);
});
after(() => app.close());

test('a user may try twenty invalid coupon codes an hour; valid codes do not count', async () => {
  const token = await registerUser(app, 'guesser');
  const call = apiClient(app, token);
  await call('POST', '/api/cart', { plan: 'basic' });
  for (let count = 0; count < 30; count += 1)
    assert.equal((await call('POST', '/api/cart/redeem', { code: 'RIGHT10' })).status, 200);
  for (let count = 0; count < 20; count += 1) {
    const wrong = await call('POST', '/api/cart/redeem', { code: `GUESS${count}` });
    assert.equal(wrong.json()['code'], 'coupon_useless', wrong.text);
  }
  const refused = await call('POST', '/api/cart/redeem', { code: 'RIGHT10' });
  assert.equal(refused.status, 429);
  assert.equal(refused.json()['code'], 'too_many_requests');
  assert.ok(Number(refused.headers['retry-after']) > 3000);
});

test('a visitor who drops the cookie before each guess is limited by network', async () => {
  const codes = new Set<unknown>();
  for (let count = 0; count < 70; count += 1) {
    codes.add((await apiClient(app)('POST', '/api/cart/redeem', { code: `OTHER${count}` })).json()['code']);
  }
  assert.deepEqual([...codes], ['coupon_useless', 'too_many_requests']);
});

test('after ten declined cards of a user the processor gets no further card', async () => {
  const call = apiClient(app, await registerUser(app, 'tester'));
  await call('POST', '/api/cart', { plan: 'basic' });
  const pay = async (processor_token: string) =>
    (await call('POST', '/api/billing/tester/checkout', { processor_token })).json()['code'];
  const save = async (token: string) => (await call('PUT', '/api/billing/tester/card', { token })).json()['code'];
  for (let count = 0; count < 5; count += 1) {
    assert.equal(await pay('tok_chargeDeclined'), 'card_declined');
    assert.equal(await save('tok_chargeDeclined'), 'card_declined');
  }
  assert.equal(await pay('tok_visa'), 'too_many_requests');
  assert.equal(await save('tok_visa'), 'too_many_requests');
  const { rows } = await app.database.executeSql("select count(*) as charges from charges where state = 'done'");
  assert.deepEqual(rows, [{ charges: 0 }]);
});

test('visitors of one network add at most a thousand items an hour, with any number of browsers', async () => {
  const many = Array.from({ length: 100 }, (_, index) => ({ plan: 'basic', sync_on: `person-${index}@example.com` }));
  const statuses = [];
  for (let count = 0; count <= 10; count += 1) statuses.push((await apiClient(app)('POST', '/api/cart', many)).status);
  assert.deepEqual(statuses, [...Array.from({ length: 10 }, () => 201), 429]);
  const { rows } = await app.database.executeSql(
    'select count(*) as items from cart_items where visitor_hash is not null',
  );
  assert.deepEqual(rows, [{ items: 1000 }]);
});

test('the job deletes carts and codes of visitors after 30 days and keeps those of users', async () => {
  const at = new Date(app.clock.now().getTime() + 29 * 86_400_000);
  await app.database.executeSql(`insert into visitor_coupons (visitor_hash, code, created_at)
    select 'gone-' || n, 'CODE', '${app.clock.now().toISOString()}' from generate_series(1, 1500) n`);
  const count = async () =>
    (
      await app.database.executeSql(`select
        (select count(*) from cart_items where visitor_hash is not null) as items,
        (select count(*) from visitor_coupons) as codes,
        (select count(*) from cart_items where user_id is not null) as kept`)
    ).rows[0];
  await runJob(app.tollgate, 'forget_visitor_carts', at);
  assert.deepEqual(await count(), { items: 1000, codes: 1500, kept: 2 });
  await runJob(app.tollgate, 'forget_visitor_carts', new Date(at.getTime() + 2 * 86_400_000));
  assert.deepEqual(await count(), { items: 0, codes: 0, kept: 2 });
});
