import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { performance } from 'node:perf_hooks';
import { apiClient } from '../../../test/support/client.ts';
import { makeUser, testPassword } from '../../../test/support/factories/accounts.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

const api = (token: string | null = null) => apiClient(app, token);
const tokenOf = async (username: string, password = testPassword): Promise<string> => {
  const response = await api()('POST', '/api/auth', { username, password });
  assert.equal(response.status, 201, response.text);
  return String(response.json()['token']);
};
const sessionCookie = (headers: Record<string, unknown>): string | undefined => {
  const lines = [headers['set-cookie'] ?? []].flat().map(String);
  return lines.find((line) => line.startsWith('sessionid='));
};

test('POST /api/auth returns a token that lasts 14 days', async () => {
  await makeUser(app.db, { username: 'donny' });
  const token = await tokenOf('DONNY');
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  assert.equal(claims.username, 'donny');
  assert.equal(claims.exp, Math.floor(app.clock.now().getTime() / 1000) + 1_209_600);
  const me = await api(token)('GET', '/api/users/donny');
  assert.equal(me.status, 200);
  const { created_at, last_login, ...rest } = me.json();
  assert.deepEqual(rest, {
    slug: 'donny',
    username: 'donny',
    printable_name: 'Sample Person',
    picture: null,
    email: 'donny@example.com',
    phone: null,
    full_name: 'Sample Person',
    nick_name: 'Sample',
    lang: 'en',
    credentials: true,
    otp_enabled: false,
    email_code: null,
    phone_code: null,
  });
  assert.equal(last_login, app.clock.now().toISOString());
  assert.ok(created_at);
});

test('a wrong password and an unknown name get the same response in about the same time', async () => {
  await makeUser(app.db, { username: 'timed' });
  const time = async (username: string) => {
    const started = performance.now();
    const response = await api()('POST', '/api/auth', { username, password: 'bad password' });
    assert.equal(response.status, 400);
    return { text: response.text, ms: performance.now() - started };
  };
  const known: number[] = [];
  const unknown: number[] = [];
  for (let round = 0; round < 9; round += 1) {
    const [a, b] = [await time('timed'), await time('unknown-name')];
    assert.equal(a.text, b.text);
    known.push(a.ms);
    unknown.push(b.ms);
  }
  const median = (values: number[]) => values.sort((a, b) => a - b)[4] ?? 0;
  const ratio = median(known) / median(unknown);
  assert.ok(ratio > 0.6 && ratio < 1.6, `known/unknown = ${ratio.toFixed(2)}`);
});

test('a missing or invalid field is named', async () => {
  for (const body of [
    {},
    { username: '' },
    { username: 7 },
    { username: 'x', password: 7 },
    { username: 'x', otp_code: 'abc' },
  ]) {
    const response = await api()('POST', '/api/auth', body);
    assert.equal(response.status, 400, JSON.stringify(body));
    assert.equal(response.json()['code'], 'invalid_input');
  }
  assert.deepEqual(Object.keys((await api()('POST', '/api/auth', {})).json()), ['username', 'code']);
  const hint = await api()('POST', '/api/auth', { username: 'x' });
  assert.equal(hint.status, 401);
  assert.equal(hint.headers['www-authenticate'], 'Bearer');
  assert.deepEqual(Object.keys(hint.json()), ['password', 'code']);
});

test('only a true value of cookie sets a session cookie', async () => {
  await makeUser(app.db, { username: 'cookies' });
  const signIn = (query: string, headers = {}) =>
    api()('POST', `/api/auth${query}`, { username: 'cookies', password: testPassword }, headers);
  for (const query of ['', '?cookie=0', '?cookie=false', '?cookie=', '?cookie=no', '?cookie=2']) {
    const response = await signIn(query);
    assert.equal(response.status, 201);
    assert.equal(sessionCookie(response.headers), undefined, query);
  }
  const cookie = sessionCookie((await signIn('?cookie=1')).headers) ?? '';
  assert.match(cookie, /^sessionid=[-\w]{43};/);
  for (const attribute of [/HttpOnly/, /SameSite=Lax/, /Path=\//, /Max-Age=1209600/]) assert.match(cookie, attribute);

  const me = await api()('GET', '/api/users/cookies', undefined, { cookie: cookie.split(';')[0] ?? '' });
  assert.equal(me.status, 200);
});

test('a session cookie planted by an attacker does not become the signed-in session', async () => {
  await makeUser(app.db, { username: 'fixated' });
  const planted = `sessionid=${'a'.repeat(43)}`;
  const response = await api()(
    'POST',
    '/api/auth?cookie=1',
    { username: 'fixated', password: testPassword },
    { cookie: planted },
  );
  assert.notEqual((sessionCookie(response.headers) ?? '').split(';')[0], planted);
  const me = await api()('GET', '/api/users/fixated', undefined, { cookie: planted });
  assert.equal(me.status, 401);
});

test('a cross-origin page cannot sign a browser in', async () => {
  await makeUser(app.db, { username: 'victim' });
  const body = { username: 'victim', password: testPassword };
  const asForm = await app.http.inject({
    method: 'POST',
    url: '/api/auth?cookie=1',
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    payload: new URLSearchParams(body).toString(),
  });
  assert.equal(asForm.statusCode, 415);
  for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }, { origin: 'null' }]) {
    const response = await api()('POST', '/api/auth?cookie=1', body, headers);
    assert.equal(response.status, 403, JSON.stringify(headers));
    assert.equal(sessionCookie(response.headers), undefined);
  }
});

test('an unsafe request by cookie requires the CSRF token, one by bearer token does not', async () => {
  await makeUser(app.db, { username: 'forged' });
  const response = await api()('POST', '/api/auth?cookie=1', { username: 'forged', password: testPassword });
  const cookie = (sessionCookie(response.headers) ?? '').split(';')[0] ?? '';
  const forged = await api()('PATCH', '/api/users/forged', { full_name: 'Forged' }, { cookie });
  assert.deepEqual([forged.status, forged.json()['code']], [403, 'csrf_failed']);
  const by_token = await api(await tokenOf('forged'))('PATCH', '/api/users/forged', { full_name: 'Mine' });
  assert.equal(by_token.status, 200);
});

test('altered and unsigned tokens get 401', async () => {
  await makeUser(app.db, { username: 'tokens' });
  const token = await tokenOf('tokens');
  const [header = '', payload = '', signature = ''] = token.split('.');
  const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url');
  const flipped = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
  for (const bad of [`${none}.${payload}.`, `${header}.${payload}.${flipped}`, 'x', 'a.b.c', `${none}.e30.`]) {
    const response = await api(bad)('GET', '/api/users/tokens');
    assert.equal(response.status, 401, bad);
    assert.equal(response.headers['www-authenticate'], 'Bearer');
    assert.equal(response.json()['code'], 'credentials_invalid');
  }
  const anonymous = await api()('GET', '/api/users/tokens');
  assert.deepEqual([anonymous.status, anonymous.headers['www-authenticate']], [401, 'Bearer']);
});

test('signing out invalidates the token immediately and clears the cookie', async () => {
  await makeUser(app.db, { username: 'leaver' });
  const [token, other] = [await tokenOf('leaver'), await tokenOf('leaver')];
  const out = await api(token)('POST', '/api/auth/logout');
  assert.deepEqual([out.status, out.text], [200, '']);
  assert.match(sessionCookie(out.headers) ?? '', /sessionid=;/);
  assert.equal((await api(token)('GET', '/api/users/leaver')).status, 401);
  assert.equal((await api(other)('GET', '/api/users/leaver')).status, 200);
  const third = await tokenOf('leaver');
  assert.equal((await api(other)('POST', '/api/auth/logout?everywhere=1')).status, 200);
  assert.equal((await api(third)('GET', '/api/users/leaver')).status, 401);
  assert.equal((await api(await tokenOf('leaver'))('DELETE', '/api/auth/tokens')).status, 204);
  assert.equal((await api()('POST', '/api/auth/logout')).status, 401);
});

test('an API key ends no session of its user', async () => {
  await makeUser(app.db, { username: 'key-holder' });
  const token = await tokenOf('key-holder');
  const made = await api(token)('POST', '/api/users/key-holder/api-keys', { password: testPassword });
  assert.equal(made.status, 201, made.text);
  const authorization = `Basic ${Buffer.from(`${made.json<{ secret: string }>().secret}:`).toString('base64')}`;
  const call = (method: 'GET' | 'POST', path: string) => api()(method, path, undefined, { authorization });
  assert.equal((await call('GET', '/api/users/key-holder')).status, 200);
  const refused = await call('POST', '/api/auth/logout?everywhere=1');
  assert.deepEqual([refused.status, refused.json()['code']], [403, 'api_key_refused']);
  assert.equal((await api(token)('GET', '/api/users/key-holder')).status, 200);
});

test('tokens are renewed and verified only for their user', async () => {
  await makeUser(app.db, { username: 'owner' });
  await makeUser(app.db, { username: 'thief' });
  const [mine, theirs] = [await tokenOf('owner'), await tokenOf('thief')];
  const refreshed = await api(mine)('POST', '/api/auth/tokens', { token: mine });
  assert.equal(refreshed.status, 201);
  assert.equal((await api(String(refreshed.json()['token']))('GET', '/api/users/owner')).status, 200);
  assert.deepEqual((await api(mine)('POST', '/api/auth/tokens/verify', { token: mine })).json(), { token: mine });
  assert.equal((await api(mine)('POST', '/api/auth/tokens', { token: theirs })).status, 403);
  assert.equal((await api(mine)('POST', '/api/auth/tokens/verify', { token: theirs })).status, 400);
  for (const path of ['/api/auth/tokens', '/api/auth/tokens/verify']) {
    assert.deepEqual((await api(mine)('POST', path, { token: 'x' })).json()['code'], 'token_invalid');
    assert.deepEqual(Object.keys((await api(mine)('POST', path, {})).json()), ['token', 'code']);
    assert.equal((await api()('POST', path, { token: mine })).status, 401);
  }
});

test('attempts beyond the limit get 429 with Retry-After', async () => {
  const strict = await startApp({ config: { throttle_factor: 1 } });
  try {
    const statuses = [];
    for (let count = 0; count < 11; count += 1) {
      const response = await apiClient(strict)('POST', '/api/auth', { username: 'guessed', password: 'bad password' });
      statuses.push(response.status);
      if (response.status === 429) assert.match(String(response.headers['retry-after']), /^[0-9]+$/);
    }
    assert.deepEqual(statuses, [...Array<number>(10).fill(400), 429]);
  } finally {
    await strict.close();
  }
});
