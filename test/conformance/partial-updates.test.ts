import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findProfileBySlug } from '#profiles';
import { makePlan } from '../support/factories/catalog.ts';
import { testContext } from '../support/context.ts';
import { makeMember, makeReadyUser } from '../support/factories/profiles.ts';
import { startApp, type TestApp } from '../support/start-app.ts';
import { tokenOf } from '../support/sign-in.ts';

/** Rows that every route with PUT or PATCH finds: donny manages the broker `cowork`, every name of a path is taken. */
const params: Record<string, string> = {
  profile: 'cowork',
  user: 'donny',
  role: 'auditor',
  plan: 'basic',
  subscribed_plan: 'basic',
  subscriber: 'cowork',
  coupon: 'OFF10',
  document: 'terms-of-use',
  report: 'taxes',
  rank: '1',
  '*': 'reports',
};

let app: TestApp;
let token: string;

before(async () => {
  app = await startApp();
  const broker = await findProfileBySlug(app.db, 'cowork');
  assert.ok(broker);
  const donny = await makeReadyUser(app.db, { username: 'donny' });
  await makeMember(app.db, broker, donny, 'manager');
  token = await tokenOf(app, donny);
  await makePlan(await testContext(app.db), { provider_id: broker.id, slug: 'basic' });
  await must('POST', '/api/profile/cowork/roles/describe', { title: 'Auditor' });
  await must('POST', '/api/billing/cowork/coupons', {
    code: 'OFF10',
    discount_type: 'percentage',
    discount_value: 1000,
  });
  await must('POST', '/api/metrics/balances/taxes/lines', { title: 'Taxes', rank: 1 });
  await must('POST', '/api/proxy/rules', { path: '/reports/' });
  await must('POST', '/api/cart', { plan: 'basic' });
  const items = await must('GET', '/api/billing/cartitems');
  params['cartitem_id'] = /"id":\s*"?(\d+)/.exec(items)?.[1] ?? '1';
});
after(() => app.close());

async function call(method: string, url: string, body?: object) {
  return app.http.inject({
    method: method as 'GET', // the union of methods that inject knows is as wide as the routes'
    url,
    headers: { accept: 'application/json', authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { payload: body }),
  });
}

async function must(method: string, url: string, body?: object): Promise<string> {
  const reply = await call(method, url, body);
  assert.ok(reply.statusCode < 300, `${method} ${url}: ${reply.statusCode} ${reply.body}`);
  return reply.body;
}

function updates(method: string): string[] {
  return app.http.routeList.filter((route) => route.method === method && !route.passthrough).map(({ url }) => url);
}

test('PATCH is accepted wherever PUT is', () => {
  const patched = new Set(updates('PATCH'));
  const puts = updates('PUT');
  assert.ok(puts.length >= 18, String(puts.length));
  assert.deepEqual(
    puts.filter((url) => !patched.has(url)),
    [],
  );
});

test('an update that sets nothing succeeds or is refused with a documented code, on every route', async () => {
  const seen: string[] = [];
  for (const method of ['PUT', 'PATCH']) {
    for (const route of updates(method)) {
      const url = route
        .replaceAll(/:([A-Za-z_]+)(\([^)]*\))?/g, (_whole, name: string) => params[name] ?? 'x')
        .replace('*', params['*'] ?? '');
      const reply = await call(method, url, {});
      const isRefused = reply.statusCode >= 400 && reply.statusCode < 500 && typeof reply.json().code === 'string';
      if (reply.statusCode >= 300 && !isRefused) seen.push(`${method} ${url}: ${reply.statusCode} ${reply.body}`);
    }
  }
  assert.deepEqual(seen, []);
});

test('the updates of 2019 without a row in the path change the row that the body names', async () => {
  const reply = await call('PATCH', '/api/metrics/balances/taxes/lines', { rank: 1, title: 'All taxes' });
  assert.deepEqual([reply.statusCode, reply.json().title, reply.json().rank], [200, 'All taxes', 1]);
  const none = await call('PATCH', '/api/metrics/balances/taxes/lines', { title: 'No rank' });
  assert.deepEqual([none.statusCode, Object.keys(none.json()).includes('rank')], [400, true]);
  const unknown = await call('PUT', '/api/profile/cowork/subscribers/accept/0123', {});
  assert.deepEqual([unknown.statusCode, unknown.json().code], [404, 'subscription_key_unknown']);
});

const partial = [
  '/api/profile/cowork/roles/describe/auditor',
  '/api/billing/cowork/coupons/OFF10',
  '/api/profile/cowork/plans/basic',
  '/api/profile/cowork',
  '/api/agreements/terms-of-use',
  '/api/metrics/balances/taxes/lines/1',
  '/api/proxy',
  '/api/proxy/rules/reports',
  '/api/users/donny',
];
for (const url of partial) {
  test(`an empty PATCH of ${url} returns the row unchanged`, async () => {
    const before_text = (await call('GET', url)).json();
    const reply = await call('PATCH', url, {});
    assert.equal(reply.statusCode, 200, reply.body);
    const { detail: _detail, ...row } = reply.json();
    for (const [name, value] of Object.entries(row)) assert.deepEqual(value, before_text[name], name);
  });
}
