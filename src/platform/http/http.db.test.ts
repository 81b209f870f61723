import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { insertFirstRules } from '#gateway';
import { apiClient, browserClient, registerUser } from '../../../test/support/client.ts';
import { inTransaction } from '../db/database.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
let token: string;
before(async () => {
  app = await startApp();
  token = await registerUser(app, 'ada');
  const ctx = await app.tollgate.makeContext('test');
  await inTransaction(app.db, (tx) => insertFirstRules(tx, ctx.site.id));
});
after(() => app.close());

const anonymous = () => apiClient(app);
const ada = () => apiClient(app, token);

test('a missing field is named with a list of messages', async () => {
  const reply = await ada()('POST', '/api/cart/redeem', {});
  assert.equal(reply.status, 400);
  assert.deepEqual(reply.json(), { errors: { code: ['This field is required.'] }, code: 'invalid_input' });
});

test('code and detail of a refusal are single texts, also for fields with these names', async () => {
  for (const [url, body] of [
    ['/api/cart/redeem', { code: 'a\u0000' }],
    ['/api/cart/redeem', { code: 'a', detail: '\u0000' }],
    ['/api/cart/redeem', ['a']],
    ['/api/cart/redeem', 'text'],
    ['/api/cart/redeem', 7],
    ['/api/cart', [[]]],
    ['/api/cart', 7],
    ['/api/auth', []],
  ] as const) {
    const reply = await app.http.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json' },
      payload: JSON.stringify(body),
    });
    const { code, detail } = reply.json();
    assert.deepEqual([reply.statusCode, typeof code, typeof (detail ?? '')], [400, 'string', 'string'], reply.body);
  }
});

test('an unknown path is 404, a known one with another method 405', async () => {
  const unknown = await anonymous()('GET', '/api/nowhere');
  assert.equal(unknown.status, 404);
  const method = await anonymous()('DELETE', '/api/pricing');
  assert.equal(method.status, 405);
  assert.equal(method.json()['code'], 'method_not_allowed');
});

test('one slash at the end of an API path makes no difference', async () => {
  assert.equal((await anonymous()('GET', '/api/pricing/')).status, 200);
});

test('every response has a request id, and those of Tollgate have security headers', async () => {
  const reply = await anonymous()('GET', '/api/pricing');
  assert.match(String(reply.headers['x-request-id']), /^[0-9a-f]{24}$/);
  assert.equal(reply.headers['x-content-type-options'], 'nosniff');
  assert.equal(reply.headers['cache-control'], 'no-store');
  assert.match(String(reply.headers['content-security-policy']), /frame-ancestors 'none'/);
});

test('a browser gets a page where a program gets JSON, by media ranges', async () => {
  const page = await anonymous()('GET', '/nowhere/', undefined, { accept: 'text/html;q=0.9,*/*;q=0.1' });
  assert.equal(page.status, 404);
  assert.match(page.text, /<h1/);
  const program = await anonymous()('GET', '/nowhere/', undefined, { accept: '*/*' });
  assert.equal(program.status, 404);
  assert.equal(program.json()['code'], 'page_unknown');
});

test('a repeated Idempotency-Key gets the first response and has no further effect', async () => {
  const key = { 'idempotency-key': 'profile-1' };
  const first = await ada()('POST', '/api/users/ada/profiles', { full_name: 'Ada Works' }, key);
  assert.equal(first.status, 201, first.text);
  const again = await ada()('POST', '/api/users/ada/profiles', { full_name: 'Ada Works' }, key);
  assert.equal(again.status, 201);
  assert.equal(again.headers['idempotency-replayed'], 'true');
  assert.equal(again.text, first.text);
  const rows = await app.db.selectFrom('profiles').select('slug').where('full_name', '=', 'Ada Works').execute();
  assert.equal(rows.length, 1);
});

test('six concurrent requests with one key run once', async () => {
  const key = { 'idempotency-key': 'profile-3' };
  const replies = await Promise.all(
    Array.from({ length: 6 }, () => ada()('POST', '/api/users/ada/profiles', { full_name: 'At Once' }, key)),
  );
  const codes = replies.map((reply) => reply.status);
  assert.ok(codes.includes(201), codes.join());
  assert.ok(
    codes.every((code) => code === 201 || code === 409),
    codes.join(),
  );
  const rows = await app.db.selectFrom('profiles').select('slug').where('full_name', '=', 'At Once').execute();
  assert.equal(rows.length, 1);
});

test('a response is sent also if the database fails while it is stored', async () => {
  await sql`create function fail() returns trigger language plpgsql as $$ begin raise 'no space'; end $$`.execute(
    app.db,
  );
  await sql`create trigger failing before update or delete on idempotency_records execute function fail()`.execute(
    app.db,
  );
  const post = (full_name: string) =>
    ada()('POST', '/api/users/ada/profiles', { full_name }, { 'idempotency-key': `failing ${full_name}` });
  const [made, refused] = [
    await post('Not Stored'),
    await ada()('POST', '/api/cart/redeem', { code: 'ABSENT' }, { 'idempotency-key': 'failing' }),
  ];
  await sql`drop function fail cascade`.execute(app.db);
  assert.equal(made.status, 201, made.text);
  assert.equal(made.json()['full_name'], 'Not Stored');
  assert.equal(refused.json()['code'], 'coupon_useless');
});

test('a stored response is encrypted in the database', async () => {
  const key = { 'idempotency-key': 'sign-in-1' };
  const signed = await anonymous()('POST', '/api/auth', { username: 'ada', password: 'correct horse 7' }, key);
  assert.equal(signed.status, 201);
  const rows = await app.db.selectFrom('idempotency_records').selectAll().where('key', '=', 'sign-in-1').execute();
  assert.equal(rows.length, 1);
  const { token: issued } = signed.json<{ token: string }>();
  assert.ok(!JSON.stringify(rows).includes(issued));
  assert.ok(!JSON.stringify(rows).includes('correct horse'));
});

test('a form without the token of its session changes nothing', async () => {
  const browser = browserClient(app);
  await browser.get('/contact/');
  browser.jar.delete('csrftoken');
  const bare = await browser.post('/billing/cart/', { plan: 'basic' });
  assert.equal(bare.status, 403);
  await browser.get('/contact/');
  const forged = await browser.post('/billing/cart/', {
    plan: 'basic',
    _csrf: 'AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  });
  assert.equal(forged.status, 403);
});

test('a signed-in browser must repeat the token in API calls, and a page of another origin cannot', async () => {
  const signed = await app.http.inject({
    method: 'POST',
    url: '/api/auth?cookie=1',
    headers: { accept: 'application/json' },
    payload: { username: 'ada', password: 'correct horse 7' },
  });
  assert.equal(signed.statusCode, 201);
  const session = signed.cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  const root = await app.http.inject({ method: 'GET', url: '/api', headers: { cookie: session } });
  const csrf = root.cookies.find(({ name }) => name === 'csrftoken')?.value ?? '';
  const cookie = `${session}; csrftoken=${csrf}`;
  const call = (headers: Record<string, string>) =>
    app.http.inject({
      method: 'PUT',
      url: '/api/users/ada',
      headers: { accept: 'application/json', cookie, ...headers },
      payload: { full_name: 'Ada L' },
    });
  assert.equal((await call({})).statusCode, 403);
  assert.equal((await call({ 'x-csrftoken': csrf, 'sec-fetch-site': 'cross-site' })).statusCode, 403);
  assert.equal((await call({ 'x-csrftoken': csrf, origin: 'https://evil.example' })).statusCode, 403);
  const good = await call({ 'x-csrftoken': csrf, 'sec-fetch-site': 'same-origin' });
  assert.equal(good.statusCode, 200, good.body);
});

test('a forged Host never reaches a link', async () => {
  const reply = await app.http.inject({
    method: 'GET',
    url: '/api/pricing?page_size=1',
    headers: { host: 'evil.example', accept: 'application/json' },
  });
  assert.ok(!reply.body.includes('evil.example'));
  const page = await app.http.inject({
    method: 'GET',
    url: '/pricing/',
    headers: { host: 'evil.example', accept: 'text/html' },
  });
  assert.ok(!page.body.includes('evil.example'));
});

test('the process reports that it is alive and ready, and not ready without the database', async () => {
  assert.equal((await anonymous()('GET', '/healthz')).status, 200);
  assert.equal((await anonymous()('GET', '/readyz')).status, 200);
});

test('OpenAPI 3.1 describes the operations, their access and their problems', async () => {
  const reply = await anonymous()('GET', '/api/openapi.json');
  assert.equal(reply.status, 200);
  const document = reply.json<{
    openapi: string;
    paths: Record<string, Record<string, { responses: object; security?: object[] }>>;
  }>();
  assert.match(document.openapi, /^3\.1/);
  const checkout = document.paths['/api/billing/{profile}/checkout']?.['post'];
  assert.ok(checkout?.security && '409' in checkout.responses);
  assert.equal((await anonymous()('GET', '/docs/api/', undefined, { accept: 'text/html' })).status, 200);
});

test('an idempotency key belongs to its caller', async () => {
  const key = { 'idempotency-key': 'profile-2' };
  assert.equal((await ada()('POST', '/api/users/ada/profiles', { full_name: 'One' }, key)).status, 201);
  const bob = apiClient(app, await registerUser(app, 'bob'));
  const his = await bob('POST', '/api/users/bob/profiles', { full_name: 'One' }, key);
  assert.equal(his.status, 201);
  assert.equal(his.headers['idempotency-replayed'], undefined);
});
