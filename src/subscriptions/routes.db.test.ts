import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiClient, browserClient, registerUser } from '../../test/support/client.ts';
import { registerBrokerManager, registerProvider } from '../../test/support/register-managers.ts';
import { startApp, type TestApp } from '../../test/support/start-app.ts';

type Client = ReturnType<typeof apiClient>;
let app: TestApp;
let broker: Client;
let provider: Client;
let subscriber: Client;
let other_user: Client;

before(async () => {
  app = await startApp();
  broker = await registerBrokerManager(app, 'donny');
  provider = (await registerProvider(app, 'sally', 'sallys')).call;
  subscriber = apiClient(app, await registerUser(app, 'xia'));
  other_user = apiClient(app, await registerUser(app, 'kenneth'));
});
after(() => app.close());

interface Row {
  profile: { slug: string; email?: string };
  plan: { slug: string };
  ends_at: string;
  auto_renew: boolean;
  grant_key: string | null;
  request_key: string | null;
  editable: boolean;
}

async function makePlan(title: string, fields: Record<string, unknown> = {}): Promise<string> {
  const body = { title, is_active: true, period_amount: 0, period_type: 'monthly', ...fields };
  const reply = await provider('POST', '/api/profile/sallys/plans', body);
  assert.equal(reply.status, 201, reply.text);
  return String(reply.json()['slug']);
}

async function order(call: Client, username: string, plan: string): Promise<void> {
  assert.equal((await call('POST', '/api/cart', { plan })).status, 201);
  const reply = await call('POST', `/api/billing/${username}/checkout`, {});
  assert.equal(reply.status, 200, reply.text);
}

const slugs = async (call: Client, url: string) => {
  const reply = await call('GET', url);
  assert.equal(reply.status, 200, reply.text);
  return reply.json<{ results: Row[] }>().results.map((row) => `${row.profile.slug}:${row.plan.slug}`);
};

test('a free order opens a subscription that subscriber and provider see as documented', async () => {
  const plan = await makePlan('Free for all');
  await order(subscriber, 'xia', plan);
  const mine = await subscriber('GET', `/api/profile/xia/subscriptions/${plan}`);
  assert.equal(mine.status, 200, mine.text);
  const { profile, created_at, app_url, remove_api_url, ...rest } = mine.json<Record<string, unknown>>();
  assert.equal((profile as { type: string }).type, 'personal');
  assert.equal(created_at, '2026-03-10T15:00:00.000Z');
  assert.deepEqual(rest, {
    ends_at: '2026-04-10T15:00:00.000Z',
    description: null,
    plan: { slug: plan, title: 'Free for all' },
    auto_renew: true,
    extra: null,
    grant_key: null,
    request_key: null,
    quantity: 1,
    trial_ends_at: null,
    cancelled_at: null,
    paused_at: null,
    resumes_at: null,
    editable: true,
  });
  assert.match(String(app_url), new RegExp(`^http.*/app/xia/${plan}/$`));
  assert.match(String(remove_api_url), new RegExp(`^http.*/api/profile/xia/subscriptions/${plan}$`));
  const theirs = await provider('GET', `/api/profile/sallys/plans/${plan}/subscriptions/xia`);
  assert.equal(theirs.json()['accept_request_api_url'], null);
  assert.match(
    String(theirs.json()['remove_api_url']),
    new RegExp(`/api/profile/sallys/plans/${plan}/subscriptions/xia$`),
  );
  const active = await provider('GET', `/api/profile/sallys/plans/${plan}/subscriptions`);
  assert.equal(active.json<{ results: Row[] }>().results[0]?.profile.email, 'xia@example.com');
});

test('a subscription that was ended moves from the active to the ended lists of both sides', async () => {
  const plan = await makePlan('Left soon');
  await order(subscriber, 'xia', plan);
  assert.ok((await slugs(subscriber, '/api/profile/xia/subscriptions')).includes(`xia:${plan}`));
  assert.equal((await subscriber('DELETE', `/api/profile/xia/subscriptions/${plan}`)).status, 204);
  assert.equal((await subscriber('DELETE', `/api/profile/xia/subscriptions/${plan}`)).status, 204);
  assert.ok(!(await slugs(subscriber, '/api/profile/xia/subscriptions')).includes(`xia:${plan}`));
  assert.deepEqual(await slugs(subscriber, `/api/profile/xia/subscriptions/expired?q=${plan}`), [`xia:${plan}`]);
  assert.deepEqual(await slugs(provider, `/api/profile/sallys/plans/${plan}/subscriptions`), []);
  assert.deepEqual(await slugs(provider, `/api/profile/sallys/plans/${plan}/subscriptions/churned`), [`xia:${plan}`]);
  assert.deepEqual(await slugs(provider, `/api/profile/sallys/subscribers/subscriptions/churned?q=${plan}`), [
    `xia:${plan}`,
  ]);
  assert.deepEqual(await slugs(provider, `/api/profile/sallys/plans/${plan}/subscriptions/all`), [`xia:${plan}`]);
  assert.equal((await subscriber('GET', `/api/profile/xia/subscriptions/${plan}`)).status, 404);
});

test('a subscriber shortens a subscription, which stops its renewal; the provider extends it', async () => {
  const plan = await makePlan('Negotiated');
  await order(subscriber, 'xia', plan);
  const mine = `/api/profile/xia/subscriptions/${plan}`;
  const theirs = `/api/profile/sallys/plans/${plan}/subscriptions/xia`;
  const later = await subscriber('PUT', mine, { ends_at: '2031-01-01T00:00:00Z' });
  assert.equal(later.status, 400);
  assert.deepEqual(later.json()['ends_at'], ['Only the provider can extend a subscription.']);
  assert.equal((await subscriber('PUT', mine, {})).status, 400);
  assert.equal((await subscriber('PATCH', mine, { auto_renew: false })).json()['auto_renew'], false);
  const sooner = await subscriber('PUT', mine, { ends_at: '2026-03-20T00:00:00Z' });
  assert.equal(sooner.json()['ends_at'], '2026-03-20T00:00:00.000Z');
  const extended = await provider('PUT', theirs, {
    ends_at: '2031-01-01T00:00:00Z',
    description: 'extended after a call',
  });
  assert.deepEqual([extended.status, extended.json()['description']], [200, 'extended after a call']);
  assert.equal((await broker('PUT', mine, { ends_at: '2032-01-01T00:00:00Z' })).status, 200);
  assert.equal((await other_user('PUT', mine, { ends_at: '2026-03-20T00:00:00Z' })).status, 403);
});

test('a granted subscription waits until the subscriber accepts it on the page', async () => {
  const plan = await makePlan('Offered');
  const url = `/api/profile/sallys/plans/${plan}/subscriptions`;
  const granted = await provider('POST', url, { profile: { slug: 'xia', full_name: 'Xia Lee' } });
  assert.equal(granted.status, 201, granted.text);
  const key = granted.json<Row>().grant_key ?? '';
  assert.equal((await provider('POST', url, { profile: { slug: 'xia', full_name: 'Xia Lee' } })).status, 200);
  assert.equal((await provider('POST', url, { profile: { slug: 'unknown', full_name: 'Unknown' } })).status, 404);
  const nameless = await provider('POST', url, { profile: { slug: 'xia' } });
  assert.deepEqual((nameless.json()['profile'] as Record<string, unknown>)['full_name'], ['This field is required.']);

  const browser = browserClient(app);
  const page = `/profile/xia/subscriptions/accept/${key}/`;
  assert.equal((await browser.get(page)).status, 302);
  await browser.get('/login/');
  await browser.post('/login/', { username: 'xia', password: 'correct horse 7' });
  const asked = await browser.get(page);
  assert.equal(asked.status, 200);
  assert.match(asked.text, /Offered/);
  assert.equal(
    (await subscriber('GET', `/api/profile/xia/subscriptions/${plan}`)).json<Row>().grant_key,
    key,
    'a GET accepts nothing',
  );
  assert.equal((await browser.post(page, {})).status, 303);
  assert.equal((await subscriber('GET', `/api/profile/xia/subscriptions/${plan}`)).json<Row>().grant_key, null);
  assert.equal((await browser.get(page)).status, 404);
});

test('a provider accepts a request with its key, once', async () => {
  const plan = await makePlan('Selective', { optin_on_request: true });
  await order(other_user, 'kenneth', plan);
  const waiting = (await provider('GET', `/api/profile/sallys/plans/${plan}/subscriptions/kenneth`)).json<
    Row & { accept_request_api_url: string }
  >();
  assert.match(
    waiting.accept_request_api_url,
    new RegExp(`/api/profile/sallys/subscribers/accept/${waiting.request_key}$`),
  );
  const url = `/api/profile/sallys/subscribers/accept/${waiting.request_key}`;
  assert.equal((await other_user('POST', url)).status, 403);
  assert.equal((await broker('POST', url.replace('sallys', 'cowork'))).status, 404);
  const accepted = await provider('POST', url);
  assert.deepEqual([accepted.status, accepted.json<Row>().request_key], [201, null]);
  assert.equal((await provider('POST', url)).status, 404);
});

test('the page of subscriptions has both tabs, and its buttons accept, decline and end', async () => {
  const plan = await makePlan('Paged <i>plan</i>', { slug: 'paged' });
  await order(other_user, 'kenneth', plan);
  const browser = browserClient(app);
  await browser.get('/login/');
  await browser.post('/login/', { username: 'kenneth', password: 'correct horse 7' });
  const url = '/profile/kenneth/subscriptions/';
  const shown = await browser.get(url);
  assert.equal(shown.status, 200);
  assert.match(shown.text, /Paged &lt;i&gt;plan&lt;\/i&gt;/);
  assert.match(shown.text, /<dt>Renews<\/dt>/);
  assert.match(shown.text, /href="\/profile\/kenneth\/subscriptions\/paged\/stop\/"/);
  assert.equal((await browser.post(url, { plan: 'paged', action: 'renew_on' })).status, 404);
  await browser.get(url);
  assert.equal((await browser.post(url, { plan: 'paged', action: 'unsubscribe' })).status, 303);
  assert.doesNotMatch((await browser.get(url)).text, /subscription-paged/);
  assert.match((await browser.get(`${url}?expired=1`)).text, /subscription-paged/);
});

test('the lists of subscribers separate those with recent sign-ins from the others', async () => {
  const plan = await makePlan('Counted');
  await order(subscriber, 'xia', plan);
  const names = async (url: string) => {
    const reply = await provider('GET', url);
    assert.equal(reply.status, 200, reply.text);
    return reply.json<{ results: { slug: string }[] }>().results.map(({ slug }) => slug);
  };
  assert.ok((await names('/api/profile/sallys/subscribers?q=xia')).includes('xia'));
  assert.ok((await names('/api/profile/sallys/subscribers/all')).includes('xia'));
  assert.equal(
    (await apiClient(app)('POST', '/api/auth', { username: 'xia', password: 'correct horse 7' })).status,
    201,
  );
  const engaged = await provider('GET', '/api/profile/sallys/subscribers/engaged?q=xia');
  assert.equal(engaged.status, 200, engaged.text);
  const [row] = engaged.json<{
    results: { profile: { slug: string }; user: { username: string; last_login: string; phone: string | null } }[];
  }>().results;
  assert.deepEqual([row?.profile.slug, row?.user.username, row?.user.phone], ['xia', 'xia', null]);
  assert.ok(row?.user.last_login);
  assert.ok(!(await names('/api/profile/sallys/subscribers/unengaged')).includes('xia'));
  assert.equal((await subscriber('GET', '/api/profile/sallys/subscribers')).status, 403);
});

test('a provider sees and ends only subscriptions to its own plans', async () => {
  const reply = await broker('POST', '/api/profile/cowork/plans', {
    title: 'Sold by cowork',
    is_active: true,
    period_type: 'monthly',
  });
  assert.equal(reply.status, 201, reply.text);
  await order(subscriber, 'xia', 'sold-by-cowork');
  await order(subscriber, 'xia', await makePlan('Sold by sally'));
  const seen = await slugs(provider, '/api/profile/xia/subscriptions');
  assert.ok(seen.includes('xia:sold-by-sally') && !seen.includes('xia:sold-by-cowork'));
  const foreign = '/api/profile/xia/subscriptions/sold-by-cowork';
  assert.equal((await provider('GET', foreign)).status, 404);
  assert.equal((await provider('DELETE', foreign)).status, 403);
  assert.equal((await provider('PATCH', foreign, { auto_renew: false })).status, 403);
  assert.equal((await subscriber('GET', foreign)).status, 200);
});

test('the provider subscribes a customer as in 2019; the subscriber gets no plan without buying it', async () => {
  await order(subscriber, 'xia', await makePlan('First of two'));
  const plan = await makePlan('Second of two', { skip_optin_on_grant: true, period_amount: 5000 });
  const url = '/api/profile/xia/subscriptions';
  assert.equal((await subscriber('POST', url, { plan })).status, 403);
  assert.equal((await other_user('POST', url, { plan })).status, 403);
  assert.equal((await provider('POST', url, { plan: 'unknown-plan' })).status, 404);
  const created = await provider('POST', url, { plan: { slug: plan } });
  assert.equal(created.status, 201, created.text);
  assert.deepEqual([created.json<Row>().plan.slug, created.json<Row>().profile.slug], [plan, 'xia']);
  assert.equal((await provider('POST', url, { plan })).status, 200);
  assert.ok((await slugs(subscriber, url)).includes(`xia:${plan}`));
});
