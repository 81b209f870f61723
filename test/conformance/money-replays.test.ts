import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readAllRows } from '../support/all-rows.ts';
import { apiClient, registerUser } from '../support/client.ts';
import type { TestContext } from '../support/context.ts';
import { makeCoupon, makePlan } from '../support/factories/catalog.ts';
import { registerBrokerManager } from '../support/register-managers.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

// Each operation that moves or promises money, sent twice with one Idempotency-Key: the second request gets the first
// response, and changes no row of any table. The key of a request is refused for another body.

type Call = ReturnType<typeof apiClient>;
type Step = [by: 'bob' | 'operator', method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', url: string, body?: object];

let app: TestApp;
let ctx: TestContext;
const callers = {} as Record<'bob' | 'operator', Call>;
before(async () => {
  app = await startApp();
  ctx = { ...(await app.tollgate.makeContext('test')), clock: app.clock };
  callers.operator = await registerBrokerManager(app, 'operator');
  callers.bob = apiClient(app, await registerUser(app, 'bob'));
  await registerUser(app, 'cyd');
  await makePlan(ctx, {
    slug: 'basic',
    title: 'Basic',
    pause_days_max: 30,
    use_charges: [{ slug: 'requests', title: 'Requests', use_amount: 15 }],
  });
  await makePlan(ctx, { slug: 'pro', title: 'Pro', period_amount: 5000 });
  await makePlan(ctx, { slug: 'desk', title: 'Desk', period_amount: 700 });
  await makeCoupon(ctx, { code: 'HALF' });
});
after(() => app.close());

let key_number = 0;

/** Sends a request twice with one key, and once with the key and another body; returns the first response. */
async function sendTwice([by, method, url, body]: Step) {
  key_number += 1;
  const headers = { 'idempotency-key': `key-${key_number}` };
  const call = callers[by];
  const about = `${method} ${url}`;
  const first = await call(method, url, body, headers);
  assert.ok(first.status < 300, `${about}: ${first.status} ${first.text}`);
  const rows = await readAllRows(app.database);
  const second = await call(method, url, body, headers);
  assert.deepEqual([second.status, second.text], [first.status, first.text], about);
  assert.equal(second.headers['idempotency-replayed'], 'true', about);
  const other = await call(method, `${url}${url.includes('?') ? '&' : '?'}other=1`, body, headers);
  assert.deepEqual([other.status, other.json()['code']], [422, 'idempotency_key_reused'], `${about}: ${other.text}`);
  assert.deepEqual(await readAllRows(app.database), rows, `${about}: nothing is written`);
  return first;
}

/** Reads a text of a response. */
const textOf = (reply: { text: string }, pattern: RegExp): string => {
  const found = pattern.exec(reply.text)?.[1];
  assert.ok(found, `${pattern} in ${reply.text}`);
  return found;
};

test('a purchase, its refund, and what a provider records of it happen once for one key', async () => {
  await sendTwice(['bob', 'POST', '/api/cart', { plan: 'basic' }]);
  await sendTwice(['bob', 'POST', '/api/cart/redeem', { code: 'HALF' }]);
  await callers.bob('GET', '/api/billing/bob/checkout');
  const paid = await sendTwice(['bob', 'POST', '/api/billing/bob/checkout', { processor_token: 'tok_visa' }]);
  const charge = paid.json<{ processor_key: string }>().processor_key;
  await sendTwice(['bob', 'PUT', '/api/billing/bob/card', { token: 'tok_visa', full_name: 'Bob' }]);
  await sendTwice(['operator', 'POST', '/api/billing/bob/balance', { plan: 'basic', use: 'requests', quantity: 10 }]);
  await sendTwice(['operator', 'DELETE', '/api/billing/bob/balance?amount=50']);
  await sendTwice(['operator', 'DELETE', '/api/billing/bob/balance?amount=100&paid=true']);
  const refund = { lines: [{ num: 0, refunded_amount: 100 }] };
  await sendTwice(['operator', 'POST', `/api/billing/bob/charges/${charge}/refund`, refund]);
  await sendTwice(['operator', 'POST', '/api/billing/bob/credits', { amount: 300, unit: 'usd', descr: 'Sorry' }]);
  await callers.operator('GET', '/api/billing/bob/credits');
  const recorded = await sendTwice([
    'operator',
    'POST',
    '/api/billing/cowork/transfers/import',
    { subscription: 'bob:basic', created_at: app.clock.now().toISOString(), amount: '10.00', descr: 'Check 1' },
  ]);
  const key = textOf(recorded, /"key":"([^"]+)"/);
  await sendTwice(['operator', 'POST', `/api/billing/cowork/adjustments/${key}/reverse`]);
});

test('what a provider sells, grants, and lets pay later is there once for one key', async () => {
  await sendTwice(['operator', 'POST', '/api/profile/cowork/plans', { title: 'Once' }]);
  await sendTwice(['operator', 'PUT', '/api/profile/cowork/plans/once', { period_amount: 900 }]);
  const coupon = { code: 'ONCE', discount_type: 'percentage', discount_value: 1000 };
  await sendTwice(['operator', 'POST', '/api/billing/cowork/coupons', coupon]);
  await sendTwice(['operator', 'PATCH', '/api/billing/cowork/coupons/ONCE', { nb_attempts: 3 }]);
  await sendTwice(['operator', 'DELETE', '/api/billing/cowork/coupons/ONCE']);
  const grants = '/api/profile/cowork/plans/desk/subscriptions';
  await sendTwice(['operator', 'POST', grants, { profile: { slug: 'cyd', full_name: 'Cyd' } }]);
  const collected = await orderLater();
  await sendTwice(['operator', 'POST', `/api/billing/cowork/payments/${collected}/collected`, { amount: 200 }]);
  const paid = await orderLater();
  await sendTwice(['bob', 'POST', `/api/billing/payments/${paid}`, { processor_token: 'tok_visa' }]);
});

/** The broker orders a plan for bob without paying; returns the code of the payment link. */
async function orderLater(): Promise<string> {
  await sendTwice(['operator', 'POST', '/api/cart', { plan: 'desk' }]);
  await callers.operator('GET', '/api/billing/bob/checkout');
  const later = await sendTwice(['operator', 'POST', '/api/billing/bob/checkout/paylater', {}]);
  return textOf(later, /"claim_code":"([0-9a-f]{40})"/);
}

test('a subscription is changed, stopped and ended once for one key', async () => {
  const of = (plan: string) => `/api/profile/bob/subscriptions/${plan}`;
  await sendTwice(['bob', 'POST', `${of('basic')}/pause`, { at: 'now' }]);
  await sendTwice(['bob', 'DELETE', `${of('basic')}/pause`]);
  const preview = await callers.bob('GET', `${of('basic')}/change?to=pro&at=now`);
  const preview_key = textOf(preview, /"preview_key":"([^"]+)"/);
  await sendTwice(['bob', 'POST', `${of('basic')}/change`, { to: 'pro', at: 'now', preview_key }]);
  await sendTwice(['bob', 'PATCH', of('pro'), { auto_renew: false }]);
  await sendTwice(['bob', 'POST', `${of('pro')}/cancel`, { at: 'now', refund: 'none' }]);
  await sendTwice(['operator', 'DELETE', '/api/profile/cowork/plans/desk/subscriptions/bob']);
});

test('without a key, a repeated request that settles or ends something settles or ends it once', async () => {
  await callers.bob('POST', '/api/cart', { plan: 'basic' });
  await callers.bob('GET', '/api/billing/bob/checkout');
  const order = { processor_token: 'tok_visa' };
  assert.equal((await callers.bob('POST', '/api/billing/bob/checkout', order)).status, 201);
  await callers.operator('POST', '/api/cart', { plan: 'desk' });
  await callers.operator('GET', '/api/billing/bob/checkout');
  const later = await callers.operator('POST', '/api/billing/bob/checkout/paylater', {});
  const collected = `/api/billing/cowork/payments/${textOf(later, /"claim_code":"([0-9a-f]{40})"/)}/collected`;
  assert.ok((await callers.operator('POST', collected, {})).status < 300);
  const cancel = '/api/profile/bob/subscriptions/basic/cancel';
  assert.ok((await callers.bob('POST', cancel, { at: 'now', refund: 'none' })).status < 300);

  const rows = await readAllRows(app.database);
  const again: [Step, number][] = [
    // Nothing is in the cart any more: there is nothing to pay.
    [['bob', 'POST', '/api/billing/bob/checkout', order], 200],
    [['operator', 'POST', '/api/billing/bob/checkout/paylater', {}], 409],
    [['operator', 'POST', collected, {}], 409],
    [['bob', 'POST', cancel, { at: 'now', refund: 'none' }], 404],
  ];
  const statuses: [string, number, string][] = [];
  for (const [[by, method, url, body]] of again) {
    const reply = await callers[by](method, url, body);
    statuses.push([url, reply.status, reply.text]);
  }
  assert.deepEqual(
    statuses.map(([url, status]) => [url, status]),
    again.map(([[, , url], status]) => [url, status]),
    JSON.stringify(statuses, null, 1),
  );
  assert.deepEqual(await readAllRows(app.database), rows);
});
