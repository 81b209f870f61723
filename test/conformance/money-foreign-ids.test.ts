import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readAllRows } from '../support/all-rows.ts';
import { apiClient, registerUser } from '../support/client.ts';
import type { TestContext } from '../support/context.ts';
import { makePlan } from '../support/factories/catalog.ts';
import { registerBrokerManager, registerProvider } from '../support/register-managers.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

// Ids, slugs and keys of other people, in the bodies and addresses of the money operations. `bob` bought `basic` of the
// broker; `eve` manages the provider `eveshop`, and `mal` is another buyer.

type Call = ReturnType<typeof apiClient>;
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type Case = [Method, url: string, body: object | undefined, status: number | number[]];

let app: TestApp;
let ctx: TestContext;
const callers = {} as Record<'operator' | 'bob' | 'eve' | 'mal', Call>;
const ids: Record<string, string> = {};

before(async () => {
  app = await startApp();
  ctx = { ...(await app.tollgate.makeContext('test')), clock: app.clock };
  callers.operator = await registerBrokerManager(app, 'operator');
  callers.bob = apiClient(app, await registerUser(app, 'bob'));
  callers.mal = apiClient(app, await registerUser(app, 'mal'));
  const { call, profile } = await registerProvider(app, 'eve', 'eveshop');
  callers.eve = call;
  const use_charges = [{ slug: 'requests', title: 'Requests', use_amount: 15 }];
  await makePlan(ctx, { slug: 'basic', title: 'Basic', use_charges });
  await makePlan(ctx, { slug: 'asked', title: 'Asked', optin_on_request: true });
  await makePlan(ctx, { provider_id: profile.id, slug: 'eve-plan', title: 'Eve plan' });
  await app.db.updateTable('profiles').set({ is_bulk_buyer: true }).where('slug', '=', 'bob').execute();
  await buy();
  await record();
});
after(() => app.close());

/** Bob buys a plan, asks for another, buys a seat, and leaves one item in the cart; mal subscribes to Eve's plan. */
async function buy(): Promise<void> {
  const { bob, mal } = callers;
  for (const item of [{ plan: 'basic' }, { plan: 'asked' }, { plan: 'basic', sync_on: 'ann@example.com' }])
    assert.ok((await bob('POST', '/api/cart', { full_name: 'Ann', ...item })).status < 300);
  await bob('GET', '/api/billing/bob/checkout');
  const paid = await bob('POST', '/api/billing/bob/checkout', { processor_token: 'tok_visa', remember_card: true });
  assert.equal(paid.status, 201, paid.text);
  ids['charge'] = paid.json<{ processor_key: string }>().processor_key;
  await mal('POST', '/api/cart', { plan: 'eve-plan' });
  await mal('GET', '/api/billing/mal/checkout');
  const other = await mal('POST', '/api/billing/mal/checkout', { processor_token: 'tok_visa' });
  assert.equal(other.status, 201, other.text);
  await bob('POST', '/api/cart', { plan: 'eve-plan' });
}

/** The broker gives bob credit, records a payment, and lets bob pay an order later. */
async function record(): Promise<void> {
  const { operator } = callers;
  const given = await operator('POST', '/api/billing/bob/credits', { amount: 300, unit: 'usd', descr: 'Sorry' });
  assert.equal(given.status, 201, given.text);
  const imported = await operator('POST', '/api/billing/cowork/transfers/import', {
    subscription: 'bob:basic',
    created_at: app.clock.now().toISOString(),
    amount: '10.00',
  });
  ids['adjustment'] = imported.json<{ key: string }>().key;
  await operator('POST', '/api/cart', { plan: 'basic' });
  await operator('GET', '/api/billing/bob/checkout');
  const later = await operator('POST', '/api/billing/bob/checkout/paylater', {});
  ids['code'] = later.json<{ claim_code: string }>().claim_code;
  const { results } = (await callers.bob('GET', '/api/billing/bob/seats')).json<{ results: { id: number }[] }>();
  ids['seat'] = String(results[0]?.id);
  const [lot] = await app.db.selectFrom('credits').select('id').execute();
  ids['lot'] = String(lot?.id);
  const { results: items } = (await callers.operator('GET', '/api/billing/cartitems')).json<{
    results: { id: number }[];
  }>();
  ids['item'] = String(items[0]?.id);
  const asked = await operator('GET', '/api/profile/cowork/plans/asked/subscriptions');
  ids['request'] = /"request_key":"([0-9a-f]{40})"/.exec(asked.text)?.[1] ?? '';
  assert.ok(
    Object.values(ids).every((id) => /^[\w-]{1,64}$/.test(id) && id !== 'undefined'),
    JSON.stringify(ids),
  );
}

/** Sends the requests of a caller: each is refused with its status, and no row of any table changes. */
async function refuse(by: keyof typeof callers, cases: readonly Case[]): Promise<void> {
  const before_all = await readAllRows(app.database);
  const failures: string[] = [];
  for (const [method, url, body, status] of cases) {
    const reply = await callers[by](method, url, body);
    const expected = [status].flat();
    const { code } = reply.text.startsWith('{') ? reply.json<{ code?: string }>() : {};
    if (!expected.includes(reply.status) || code === undefined)
      failures.push(`${method} ${url} ${JSON.stringify(body)}: ${reply.status} ${reply.text.slice(0, 200)}`);
  }
  assert.deepEqual(failures, []);
  assert.deepEqual(await readAllRows(app.database), before_all);
}

test('the provider of one plan reaches no plan, coupon, subscription, charge or money of another provider', async () => {
  const shop = '/api/profile/eveshop/plans';
  await refuse('eve', [
    ['POST', shop, { title: 'Basic 2', slug: 'basic' }, 400],
    ['PUT', `${shop}/eve-plan`, { slug: 'basic' }, 400],
    ['PUT', `${shop}/basic`, { period_amount: 0 }, 404],
    ['PATCH', `${shop}/basic`, { period_amount: 0 }, 404],
    ['DELETE', `${shop}/basic`, undefined, 404],
    ['POST', '/api/profile/cowork/plans', { title: 'Mine' }, 403],
    ['PUT', '/api/profile/cowork/plans/basic', { period_amount: 0 }, 403],
    ['POST', '/api/billing/eveshop/coupons', coupon({ plan: 'basic' }), 400],
    ['POST', '/api/billing/cowork/coupons', coupon({}), 403],
    ['POST', `${shop}/basic/subscriptions`, { profile: { slug: 'mal', full_name: 'M' } }, 404],
    ['PUT', `${shop}/basic/subscriptions/bob`, { ends_at: '2099-01-01T00:00:00Z' }, 404],
    ['PUT', `${shop}/eve-plan/subscriptions/bob`, { ends_at: '2099-01-01T00:00:00Z' }, 404],
    ['DELETE', `${shop}/basic/subscriptions/bob`, undefined, 404],
    ['POST', `/api/profile/eveshop/subscribers/accept/${ids['request']}`, undefined, 404],
    ['POST', `/api/profile/cowork/subscribers/accept/${ids['request']}`, undefined, 403],
    ['POST', '/api/billing/mal/balance', { plan: 'basic', use: 'requests', quantity: 5 }, 403],
    ['POST', '/api/billing/bob/balance', { plan: 'basic', use: 'requests', quantity: 5 }, 403],
    ['DELETE', '/api/billing/bob/balance', undefined, 403],
    ['POST', '/api/billing/mal/credits', { amount: 1, unit: 'usd', descr: 'x', provider: 'cowork' }, [400, 403]],
    ['POST', '/api/billing/bob/credits', { amount: 1, unit: 'usd', descr: 'x', provider: 'eveshop' }, 403],
    ['POST', `/api/billing/mal/credits/${ids['lot']}/refund`, { amount: 1 }, 404],
    ['POST', `/api/billing/mal/charges/${ids['charge']}/refund`, refundOf(1), 404],
    ['POST', `/api/billing/bob/charges/${ids['charge']}/refund`, refundOf(1), 403],
    ['POST', `/api/billing/mal/charges/${ids['charge']}/email`, {}, 404],
    ['POST', '/api/billing/eveshop/transfers/import', payment('bob:basic'), [400, 404, 409]],
    ['POST', '/api/billing/eveshop/transfers/import', payment('mal:basic'), [400, 404, 409]],
    ['POST', '/api/billing/eveshop/transfers/import', payment('bob:eve-plan'), [400, 404, 409]],
    ['POST', `/api/billing/eveshop/adjustments/${ids['adjustment']}/reverse`, undefined, 404],
    ['POST', `/api/billing/eveshop/payments/${ids['code']}/collected`, { amount: 1 }, 404],
    ['POST', `/api/billing/eveshop/seats/${ids['seat']}/revoke`, undefined, 404],
    ['POST', `/api/billing/mal/seats/${ids['seat']}/revoke`, undefined, [403, 404]],
    ['POST', '/api/profile/mal/subscriptions/eve-plan/change', { to: 'basic' }, [400, 403, 404]],
  ]);
});

test('a buyer reaches no cart, order, seat, card, charge or subscription of another buyer', async () => {
  await refuse('mal', [
    ['GET', `/api/billing/cartitems/${ids['item']}`, undefined, 403],
    ['PUT', `/api/billing/cartitems/${ids['item']}`, { quantity: 9 }, 403],
    ['DELETE', `/api/billing/cartitems/${ids['item']}`, undefined, 403],
    ['POST', '/api/billing/cartitems', { user: 'bob', plan: 'basic' }, 403],
    ['POST', '/api/billing/bob/checkout', { processor_token: 'tok_visa' }, 403],
    ['PUT', '/api/billing/bob/card', { token: 'tok_visa' }, 403],
    ['DELETE', '/api/billing/bob/card', undefined, 403],
    ['PUT', '/api/billing/bob/provider-charges', { allow_provider_charges: true }, 403],
    ['POST', `/api/billing/mal/seats/${ids['seat']}/send`, undefined, 404],
    ['POST', `/api/billing/mal/seats/${ids['seat']}/revoke`, undefined, 404],
    ['POST', `/api/billing/mal/charges/${ids['charge']}/email`, {}, 404],
    ['POST', `/api/billing/mal/charges/${ids['charge']}/refund`, refundOf(1), [403, 404]],
    ['POST', `/api/billing/mal/credits/${ids['lot']}/refund`, {}, 403],
    ['POST', '/api/billing/bob/dunning/retry', {}, 403],
    ['POST', '/api/profile/bob/subscriptions/basic/change', { to: 'asked' }, 403],
    ['POST', '/api/profile/bob/subscriptions/basic/pause', { at: 'now' }, 403],
    ['POST', '/api/profile/bob/subscriptions/basic/cancel', { at: 'now' }, 403],
    ['POST', '/api/profile/mal/subscriptions/basic/cancel', { at: 'now' }, 404],
    ['POST', '/api/profile/mal/subscriptions/eve-plan/change', { to: 'basic', at: 'now' }, [400, 404, 409]],
    ['POST', `/api/profile/mal/subscribers/accept/${ids['request']}`, undefined, 404],
    ['POST', '/api/cart', { plan: 'eve-plan', use: 'requests' }, 400],
  ]);
});

test('a buyer accepts no own request, and records no payment of an own order', () =>
  refuse('bob', [
    ['POST', `/api/profile/bob/subscribers/accept/${ids['request']}`, undefined, 404],
    ['POST', `/api/profile/cowork/subscribers/accept/${ids['request']}`, undefined, 403],
    ['POST', `/api/billing/bob/payments/${ids['code']}/collected`, {}, 404],
    ['POST', `/api/billing/cowork/payments/${ids['code']}/collected`, {}, 403],
    ['POST', '/api/billing/bob/credits', { amount: 100, unit: 'usd', descr: 'x' }, 403],
    ['DELETE', '/api/billing/bob/balance', undefined, 403],
    ['PUT', '/api/profile/bob/subscriptions/basic', { ends_at: '2099-01-01T00:00:00Z' }, 400],
    ['POST', '/api/billing/bob/transfers/import', payment('bob:basic'), [400, 403, 404, 409]],
  ]));

test('units that are no currency, and carts of two units, are refused', async () => {
  await makePlan(ctx, { slug: 'euro', title: 'Euro', unit: 'eur' });
  await refuse('operator', [['POST', '/api/billing/bob/credits', { amount: 1, unit: 'zzz', descr: 'x' }, 400]]);
  const { mal } = callers;
  await mal('POST', '/api/cart', { plan: 'basic' });
  await refuse('mal', [['POST', '/api/cart', { plan: 'euro' }, 400]]);
});

const coupon = (more: object) => ({ code: 'FREE', discount_type: 'percentage', discount_value: 10_000, ...more });
const refundOf = (refunded_amount: number) => ({ lines: [{ num: 0, refunded_amount }] });
const payment = (subscription: string) => ({ subscription, created_at: '2026-01-05', amount: '1.00' });
