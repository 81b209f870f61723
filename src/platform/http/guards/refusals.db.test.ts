import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiClient, browserClient, registerUser } from '../../../../test/support/client.ts';
import { startApp, type TestApp } from '../../../../test/support/start-app.ts';

let app: TestApp;
let token: string;
before(async () => {
  app = await startApp({ config: { body_bytes_max: 10_000, terms_required: false } });
  token = await registerUser(app, 'refused');
});
after(() => app.close());

test('anonymous may ask for the version of the API, with or without a slash', async () => {
  const reply = await apiClient(app)('GET', '/api');
  assert.deepEqual([reply.status, Object.keys(reply.json())], [200, ['version']]);
  assert.equal((await apiClient(app)('GET', '/api/')).text, reply.text);
});

const json = { 'content-type': 'application/json', accept: 'application/json' };

test('a body that is not JSON is refused as malformed, not as a bug', async () => {
  const reply = await app.http.inject({ method: 'POST', url: '/api/auth', headers: json, payload: '{"username": ' });
  assert.equal(reply.statusCode, 400);
  assert.equal(reply.json<{ code: string }>().code, 'malformed_body');
});

test('a wrong type names its field', async () => {
  const reply = await apiClient(app)('POST', '/api/auth', { username: 7, password: ['x'] });
  assert.equal(reply.status, 400);
  const body = reply.json();
  assert.equal(body['code'], 'invalid_input');
  assert.ok(Array.isArray(body['username']), reply.text);
});

test('a prototype in a body is refused', async () => {
  const payload = '{"username": "x", "password": "y", "__proto__": {"admin": true}}';
  const reply = await app.http.inject({ method: 'POST', url: '/api/auth', headers: json, payload });
  assert.equal(reply.json<{ code: string }>().code, 'malformed_body');
});

test('a body above the limit is refused by its size', async () => {
  const reply = await apiClient(app)('POST', '/api/auth', { username: 'x'.repeat(20_000), password: 'y' });
  assert.equal(reply.status, 413);
  assert.equal(reply.json()['code'], 'body_too_large');
});

test('a media type that no route supports is refused', async () => {
  const headers = { ...json, 'content-type': 'application/xml' };
  const reply = await app.http.inject({ method: 'POST', url: '/api/auth', headers, payload: '<x/>' });
  assert.equal(reply.statusCode, 415);
  assert.equal(reply.json<{ code: string }>().code, 'media_type_unsupported');
});

test('an address beyond 8 KiB is refused', async () => {
  const reply = await apiClient(app)('GET', `/api/pricing?q=${'x'.repeat(9000)}`);
  assert.equal(reply.status, 414);
  assert.equal(reply.json()['code'], 'address_too_long');
});

test('a refusal of a guarded address does not reveal whether it exists', async () => {
  const reply = await apiClient(app)('GET', '/api/profile/refused');
  assert.equal(reply.status, 401);
  assert.equal(reply.headers['www-authenticate'], 'Bearer');
  assert.equal(reply.json()['code'], 'credentials_required');
});

test('an invalid token is refused with credentials_invalid', async () => {
  const reply = await apiClient(app, 'not.a.token')('GET', '/api/pricing');
  assert.equal(reply.status, 401);
  assert.equal(reply.json()['code'], 'credentials_invalid');
});

test('an address that neither a route nor a rule covers is refused', async () => {
  const reply = await apiClient(app, token)('GET', '/api/nothing-of-that-name');
  assert.equal(reply.status, 403);
  assert.equal(reply.json()['code'], 'rule_unmatched');
});

test('a method that a route does not support is refused', async () => {
  const reply = await apiClient(app, token)('DELETE', '/api/pricing');
  assert.equal(reply.status, 405);
  assert.equal(reply.json()['code'], 'method_not_allowed');
});

test('each response has a request id that the caller cannot choose', async () => {
  const reply = await apiClient(app)('GET', '/api/pricing', undefined, { 'x-request-id': 'mine' });
  assert.match(String(reply.headers['x-request-id']), /^[0-9a-f]{24}$/);
});

test('a form without the token of its session is refused', async () => {
  const browser = browserClient(app);
  await browser.get('/login/');
  const reply = await browser.post('/login/', { _csrf: 'x', username: 'refused', password: 'y' });
  assert.equal(reply.status, 403);
  assert.match(reply.text, /csrf_failed|no longer valid/);
});

test('a form from another origin is refused before its token is checked', async () => {
  const reply = await app.http.inject({
    method: 'POST',
    url: '/login/',
    headers: {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      'sec-fetch-site': 'cross-site',
    },
    payload: 'username=refused&password=y',
  });
  assert.equal(reply.statusCode, 403);
  assert.equal(reply.json<{ code: string }>().code, 'cross_site');
});

test('a page of another origin learns nothing from an unsafe request: it is refused before body and access are checked', async () => {
  const browser = browserClient(app);
  await browser.get('/login/');
  await browser.post('/login/', { username: 'refused', password: 'correct horse 7' });
  const session = browser.jar.get('sessionid');
  for (const headers of [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'null' },
    { origin: 'https://evil.example' },
    { referer: 'https://evil.example/page' },
    { referer: 'about:blank' },
  ])
    for (const url of ['/api/users/refused/api-keys', '/api/users/donny/api-keys', '/login/', '/api/cart'])
      for (const payload of ['{"title": 1}', '[]']) {
        const reply = await app.http.inject({
          method: 'POST',
          url,
          headers: {
            accept: 'application/json',
            'content-type': 'application/json',
            cookie: `sessionid=${session}`,
            ...headers,
          },
          payload,
        });
        const refused = [reply.statusCode, reply.json<{ code: string }>().code];
        assert.deepEqual(refused, [403, 'cross_site'], `${url} ${JSON.stringify(headers)}`);
      }
});

test('an empty Idempotency-Key is refused', async () => {
  const reply = await apiClient(app, token)('POST', '/api/cart', { plan: 'x' }, { 'idempotency-key': '' });
  assert.equal(reply.json()['code'], 'idempotency_key_invalid');
});

test('a repeated key gets the first response, and a different request under the key is refused', async () => {
  const call = apiClient(app, token);
  const key = { 'idempotency-key': 'profile-1' };
  const first = await call('POST', '/api/users/refused/profiles', { full_name: 'One Company' }, key);
  assert.equal(first.status, 201, first.text);
  const again = await call('POST', '/api/users/refused/profiles', { full_name: 'One Company' }, key);
  assert.equal(again.status, 201);
  assert.equal(again.text, first.text);
  assert.equal(again.headers['idempotency-replayed'], 'true');
  const other = await call('POST', '/api/users/refused/profiles', { full_name: 'Another Company' }, key);
  assert.equal(other.status, 422);
  assert.equal(other.json()['code'], 'idempotency_key_reused');
});

test('a key whose first request is still running is refused with Retry-After', async () => {
  const key = { 'idempotency-key': 'in-flight-1' };
  const call = apiClient(app, token);
  const first = await call('POST', '/api/users/refused/profiles', { full_name: 'Slow Company' }, key);
  assert.equal(first.status, 201);
  await app.db
    .updateTable('idempotency_records')
    .set({ state: 'in_flight', status: null, body_sealed: null })
    .where('key', '=', 'in-flight-1')
    .execute();
  const second = await call('POST', '/api/users/refused/profiles', { full_name: 'Slow Company' }, key);
  assert.equal(second.status, 409);
  assert.equal(second.json()['code'], 'idempotency_key_in_flight');
  assert.equal(second.headers['retry-after'], '1');
});
