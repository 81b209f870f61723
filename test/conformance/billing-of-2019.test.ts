import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiClient, registerUser } from '../support/client.ts';
import type { TestContext } from '../support/context.ts';
import { makeCoupon, makePlan } from '../support/factories/catalog.ts';
import { registerBrokerManager } from '../support/register-managers.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

/** Operations of billing that only the description of 2019 has, with the operation that they are twins of. */
const twins: readonly [operation: string, twin: string][] = [
  ['GET /api/billing/charges/:charge', 'GET /api/billing/:profile/charges/:charge'],
  ['POST /api/billing/charges/:charge/email', 'POST /api/billing/:profile/charges/:charge/email'],
  ['POST /api/billing/charges/:charge/refund', 'POST /api/billing/:profile/charges/:charge/refund'],
  ['DELETE /api/billing/:profile/balance/cancel', 'DELETE /api/billing/:profile/balance'],
  ['PATCH /api/billing/:profile/card', 'PUT /api/billing/:profile/card'],
  ['PATCH /api/billing/:profile/coupons/:coupon', 'PUT /api/billing/:profile/coupons/:coupon'],
  ['PATCH /api/profile/:profile/plans/:plan', 'PUT /api/profile/:profile/plans/:plan'],
  [
    'PATCH /api/profile/:profile/plans/:plan/subscriptions/:subscriber',
    'PUT /api/profile/:profile/plans/:plan/subscriptions/:subscriber',
  ],
  [
    'PUT /api/profile/:profile/subscribers/accept/:request_key',
    'POST /api/profile/:profile/subscribers/accept/:request_key',
  ],
  [
    'PATCH /api/profile/:profile/subscribers/accept/:request_key',
    'POST /api/profile/:profile/subscribers/accept/:request_key',
  ],
  ['POST /api/profile/:profile/subscriptions', 'POST /api/profile/:profile/plans/:plan/subscriptions'],
  ['PATCH /api/profile/:profile/subscriptions/:plan', 'PUT /api/profile/:profile/subscriptions/:plan'],
];

let app: TestApp;
let ctx: TestContext;
let broker: ReturnType<typeof apiClient>;
let xia: ReturnType<typeof apiClient>;
before(async () => {
  app = await startApp();
  ctx = { ...(await app.tollgate.makeContext('test')), clock: app.clock };
  broker = await registerBrokerManager(app, 'operator');
  xia = apiClient(app, await registerUser(app, 'xia'));
});
after(() => app.close());

/** Names of parameters do not matter: routes of one path may name them differently. */
const shapeOf = (operation: string) => operation.replaceAll(/:[a-z_]+/g, ':');

test('each operation of 2019 is served, with the access of its twin', () => {
  const routes = new Map(app.http.routeList.map((route) => [shapeOf(`${route.method} ${route.url}`), route]));
  for (const [operation, twin] of twins) {
    const [old, present] = [routes.get(shapeOf(operation)), routes.get(shapeOf(twin))];
    assert.ok(old, `${operation} is not served`);
    assert.ok(present, `${twin} is not served`);
    // Their own guards: the path names no profile, or the subscriber in place of the provider.
    if (operation.includes('/charges/:charge') || operation.endsWith('/:profile/subscriptions')) continue;
    assert.deepEqual(old.access, present.access, operation);
  }
});

test('a PATCH of a plan, a coupon and a subscription changes the named field and keeps the others', async () => {
  const plan = await makePlan(ctx, { description: 'Kept' });
  const changed = await broker('PATCH', `/api/profile/cowork/plans/${plan.slug}`, { period_amount: 4200 });
  assert.deepEqual(
    [changed.status, changed.json()['period_amount'], changed.json()['description']],
    [200, 4200, 'Kept'],
  );
  const coupon = await makeCoupon(ctx, { description: 'Kept' });
  const url = `/api/billing/cowork/coupons/${coupon.code}`;
  const lowered = await broker('PATCH', url, { discount_value: 100 });
  assert.deepEqual(
    [lowered.status, lowered.json()['discount_value'], lowered.json()['description']],
    [200, 100, 'Kept'],
    lowered.text,
  );
  await xia('POST', '/api/cart', { plan: plan.slug });
  await xia('GET', '/api/billing/xia/checkout');
  assert.equal((await xia('POST', '/api/billing/xia/checkout', { processor_token: 'tok_visa' })).status, 201);
  const own = `/api/profile/xia/subscriptions/${plan.slug}`;
  const before_change = (await xia('GET', own)).json();
  const ended = await xia('PATCH', own, { auto_renew: false });
  assert.deepEqual(
    [ended.status, ended.json()['auto_renew'], ended.json()['ends_at']],
    [200, false, before_change['ends_at']],
    ended.text,
  );
  const noted = await broker('PATCH', `/api/profile/cowork/plans/${plan.slug}/subscriptions/xia`, {
    description: 'Note',
  });
  assert.deepEqual([noted.status, noted.json()['description'], noted.json()['auto_renew']], [200, 'Note', false]);
});

test('a request is accepted by PUT and by PATCH, once', async () => {
  for (const method of ['PUT', 'PATCH'] as const) {
    const name = `asker-${method.toLowerCase()}`;
    const asker = apiClient(app, await registerUser(app, name));
    const plan = await makePlan(ctx, { optin_on_request: true, period_amount: 0 });
    await asker('POST', '/api/cart', { plan: plan.slug });
    await asker('GET', `/api/billing/${name}/checkout`);
    assert.equal((await asker('POST', `/api/billing/${name}/checkout`, {})).status, 200);
    const key = String((await asker('GET', `/api/profile/${name}/subscriptions/${plan.slug}`)).json()['request_key']);
    const url = `/api/profile/cowork/subscribers/accept/${key}`;
    const accepted = await broker(method, url, {});
    assert.deepEqual([accepted.status, accepted.json()['request_key']], [200, null], accepted.text);
    assert.equal((await broker(method, url, {})).status, 404);
  }
});

test('a card is replaced by PATCH; a balance of nothing is cancelled by the address of 2019', async () => {
  const card = await xia('PATCH', '/api/billing/xia/card', { token: 'tok_visa' });
  assert.deepEqual([card.status, (await xia('GET', '/api/billing/xia/card')).status], [200, 200], card.text);
  assert.equal((await broker('DELETE', '/api/billing/xia/balance/cancel')).status, 204);
  assert.equal((await xia('DELETE', '/api/billing/xia/balance/cancel')).status, 403);
});
