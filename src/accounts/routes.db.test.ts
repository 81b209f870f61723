import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { performance } from 'node:perf_hooks';
import { Secret, TOTP } from 'otpauth';
import { apiClient, registerPerson } from '../../test/support/client.ts';
import { eventsNamed, makeUser, testPassword } from '../../test/support/factories/accounts.ts';
import { startApp, type TestApp } from '../../test/support/start-app.ts';

const ssh_key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFdgdqMpZRE9dGXeaG6rkjBXuYvVGvLBwJMVE5c2bGYs check@example.com';
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
const keyMailedTo = async (address: string): Promise<string> => {
  const sent = (await eventsNamed(app.db, 'user_verification')).filter((event) => event['address'] === address);
  return String(sent.at(-1)?.['key']);
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

test('a recovery responds the same to known and unknown addresses, with both field names', async () => {
  await makeUser(app.db, { username: 'forgetful' });
  const known = await api()('POST', '/api/auth/recover', { email: 'Forgetful@example.com' });
  const unknown = await api()('POST', '/api/auth/recover', { username: 'ghost@example.com' });
  assert.deepEqual([known.status, known.json()], [201, { email: 'Forgetful@example.com' }]);
  assert.deepEqual([unknown.status, unknown.json()], [201, { email: 'ghost@example.com' }]);
  assert.match(await keyMailedTo('forgetful@example.com'), /^[0-9a-f]{40}$/);
  assert.equal(await keyMailedTo('ghost@example.com'), 'undefined');
  const bad = await api()('POST', '/api/auth/recover', { email: 'nonsense' });
  assert.deepEqual([bad.status, Object.keys(bad.json())], [400, ['email', 'code']]);
});

test('an activation key can be read repeatedly and used once', async () => {
  await makeUser(app.db, { username: 'invitee', password: null });
  await api()('POST', '/api/auth/recover', { email: 'invitee@example.com' });
  const key = await keyMailedTo('invitee@example.com');
  const path = `/api/auth/activate/${key}`;
  for (let count = 0; count < 2; count += 1) {
    const shown = await api()('GET', path);
    assert.deepEqual([shown.status, shown.json()['email']], [200, 'invitee@example.com']);
  }
  assert.deepEqual(Object.keys((await api()('POST', path, {})).json()), ['new_password', 'code']);
  const done = await api()('POST', path, { new_password: 'a fine new sentence', email: 'evil@example.com' });
  assert.equal(done.status, 201);
  const me = await api(String(done.json()['token']))('GET', '/api/users/invitee');
  assert.equal(me.json()['email'], 'invitee@example.com');
  assert.equal((await api()('POST', path, { new_password: 'another new sentence' })).status, 404);
  assert.equal((await api()('GET', path)).status, 400);
  assert.equal((await api()('GET', `/api/auth/activate/${'0'.repeat(40)}`)).json()['code'], 'verification_unusable');
});

test('a reset returns an empty object and opens no session', async () => {
  await makeUser(app.db, { username: 'resetter' });
  const token = await tokenOf('resetter');
  await api()('POST', '/api/auth/recover', { email: 'resetter@example.com' });
  const path = `/api/auth/reset/${await keyMailedTo('resetter@example.com')}`;
  const response = await api()('POST', path);
  assert.deepEqual([response.status, response.json()], [201, {}]);
  assert.equal((await api(token)('GET', '/api/users/resetter')).status, 401);
  assert.equal((await api()('POST', path)).status, 404);
});

test('a change of password requires a secret, and invalidates the token that made it', async () => {
  await makeUser(app.db, { username: 'changer' });
  const token = await tokenOf('changer');
  const path = '/api/users/changer/password';
  const new_password = 'a fine new sentence';
  const none = await api(token)('PUT', path, { new_password });
  assert.deepEqual([none.status, Object.keys(none.json())], [401, ['detail', 'code', 'location']]);
  const wrong = await api(token)('PUT', path, { password: 'bad', new_password });
  assert.deepEqual([wrong.status, Object.keys(wrong.json())], [401, ['password', 'code']]);
  const right = await api(token)('PUT', path, { password: testPassword, new_password });
  assert.deepEqual([right.status, right.json()], [200, { detail: 'Password updated successfully.', api_keys: [] }]);
  assert.equal((await api(token)('GET', '/api/users/changer')).status, 401);
  await tokenOf('changer', new_password);
});

test('a user cannot read or change the credentials of another user', async () => {
  await makeUser(app.db, { username: 'bob' });
  const eve = await registerPerson(app, 'eve');
  const secrets = { password: 'correct horse 7' };
  const attempts: [method: 'PUT' | 'POST' | 'DELETE' | 'PATCH' | 'GET', path: string, body?: object][] = [
    ['PUT', '/api/users/bob/password', { ...secrets, new_password: 'a fine new sentence' }],
    ['DELETE', '/api/users/bob/password'],
    [
      'PUT',
      '/api/users/bob/otp',
      { ...secrets, otp_enabled: true, email_verification_enabled: false, phone_verification_enabled: false },
    ],
    ['GET', '/api/users/bob/api-keys'],
    ['POST', '/api/users/bob/api-keys', secrets],
    ['POST', `/api/users/bob/api-keys/${'a'.repeat(32)}`, secrets],
    ['PUT', '/api/users/bob/ssh-keys', { ...secrets, pubkey: 'x' }],
    ['PATCH', '/api/users/bob', { email: 'evil@example.com' }],
    ['DELETE', '/api/users/bob'],
    ['POST', '/api/users/bob/activate'],
    ['GET', '/api/users/bob'],
    ['GET', '/api/users/unknown-name'],
  ];
  for (const [method, path, body] of attempts) {
    const response = await api(eve)(method, path, body);
    assert.equal(response.status, 403, `${method} ${path}: ${response.text}`);
  }
  await tokenOf('bob');
});

test('a user updates the account; a rename leaves the token valid', async () => {
  const token = await registerPerson(app, 'xia');
  const put = await api(token)('PUT', '/api/users/xia', { full_name: 'Xia M. Lee', slug: 'xia2' });
  assert.equal(put.status, 200, put.text);
  assert.deepEqual(
    [put.json()['username'], put.json()['full_name'], put.json()['detail']],
    ['xia2', 'Xia M. Lee', 'Profile updated.'],
  );
  assert.equal((await api(token)('GET', '/api/users/xia2')).status, 200);
  assert.equal((await api(token)('GET', '/api/profile/xia2')).status, 200);
  assert.equal((await api(token)('GET', '/api/profile/xia')).status, 403);
  assert.deepEqual(Object.keys((await api(token)('PUT', '/api/users/xia2', {})).json()), ['full_name', 'code']);
  assert.equal((await api(token)('PATCH', '/api/users/xia2', { nick_name: 'X' })).json()['printable_name'], 'X');
  const bad = await api(token)('PATCH', '/api/users/xia2', { lang: 'not a language' });
  assert.deepEqual([bad.status, Object.keys(bad.json())], [400, ['lang', 'code']]);
});

test('an archived user cannot sign in, and the address can register again', async () => {
  const token = await registerPerson(app, 'goner');
  assert.equal((await api(token)('DELETE', '/api/users/goner')).json()['code'], 'secret_required');
  const left = await api(token)('DELETE', '/api/users/goner', { password: 'correct horse 7' });
  assert.deepEqual([left.status, left.text], [204, '']);
  assert.equal((await api(token)('GET', '/api/users/goner')).status, 401);
  assert.equal((await api()('POST', '/api/auth', { username: 'goner', password: 'correct horse 7' })).status, 400);
  const again = await api()('POST', '/api/auth/register', {
    username: 'goner-2',
    email: 'goner@example.com',
    full_name: 'Goner Again',
    new_password: 'correct horse 7',
  });
  assert.equal(again.status, 201, again.text);
});

test('a TOTP factor is set up in two calls over the API', async () => {
  await makeUser(app.db, { username: 'totp' });
  const token = await tokenOf('totp');
  const body = {
    password: testPassword,
    otp_enabled: true,
    email_verification_enabled: false,
    phone_verification_enabled: false,
  };
  const first = await api(token)('PUT', '/api/users/totp/otp', body);
  assert.equal(first.status, 200);
  const priv_key = String(first.json()['priv_key']);
  assert.match(String(first.json()['provisioning_uri']), /^otpauth:/);
  const totp = new TOTP({ secret: Secret.fromBase32(priv_key) });
  const otp_code = Number(totp.generate({ timestamp: app.clock.now().getTime() }));
  const second = await api(token)('PUT', '/api/users/totp/otp', { ...body, otp_code });
  assert.deepEqual([second.status, Object.keys(second.json())], [200, ['detail']]);
  const step = await api()('POST', '/api/auth', { username: 'totp', password: testPassword });
  assert.deepEqual([step.status, Object.keys(step.json())], [401, ['otp_code', 'code']]);
  const missing = await api(token)('PUT', '/api/users/totp/otp', { password: testPassword });
  assert.deepEqual(Object.keys(missing.json()).sort(), [
    'code',
    'email_verification_enabled',
    'otp_enabled',
    'phone_verification_enabled',
  ]);
});

test('an API key created over the API authenticates API requests', async () => {
  const token = await registerPerson(app, 'keyed');
  const password = 'correct horse 7';
  const made = await api(token)('POST', '/api/users/keyed/api-keys', { password, title: 'production' });
  assert.equal(made.status, 201);
  const secret = String(made.json()['secret']);
  assert.equal(secret.length, 64);
  const authorization = `Basic ${Buffer.from(`${secret}:`).toString('base64')}`;
  assert.equal((await api()('GET', '/api/users/keyed', undefined, { authorization })).status, 200);
  const list = await api(token)('GET', '/api/users/keyed/api-keys');
  const [row] = list.json<{ results: Record<string, unknown>[] }>().results;
  assert.deepEqual([row?.['title'], row?.['api_pub_key']], ['production', secret.slice(0, 32)]);
  const gone = await api(token)('POST', `/api/users/keyed/api-keys/${secret.slice(0, 32)}`, { password });
  assert.deepEqual([gone.status, gone.json()], [200, { detail: 'API key deleted successfully.' }]);
  assert.equal((await api()('GET', '/api/users/keyed', undefined, { authorization })).status, 401);
  assert.equal(
    (await api(token)('POST', `/api/users/keyed/api-keys/${secret.slice(0, 32)}`, { password })).status,
    404,
  );
});

test('an API key cannot change an address, password, factor or key, nor delete the account', async () => {
  const token = await registerPerson(app, 'keyholder');
  const password = 'correct horse 7';
  const made = await api(token)('POST', '/api/users/keyholder/api-keys', { password });
  const secret = String(made.json()['secret']);
  const authorization = `Basic ${Buffer.from(`${secret}:`).toString('base64')}`;
  const path = '/api/users/keyholder';
  const flags = { otp_enabled: true, email_verification_enabled: false, phone_verification_enabled: false };
  const attempts: [method: 'PUT' | 'PATCH' | 'POST' | 'DELETE', url: string, body?: object][] = [
    ['PUT', path, { full_name: 'X', email: 'thief@example.org', password }],
    ['PATCH', path, { email: 'thief@example.org' }],
    ['PATCH', path, { email_code: 123456 }],
    ['PATCH', path, { phone: '+14155550133', password }],
    ['PATCH', path, { slug: 'keythief' }],
    ['PUT', '/api/profile/keyholder', { full_name: 'X', slug: 'keythief' }],
    ['PUT', `${path}/password`, { password, new_password: 'a fine new sentence' }],
    ['DELETE', `${path}/password`],
    ['DELETE', `${path}/password`, { password }],
    ['PUT', `${path}/otp`, { password, ...flags }],
    ['POST', `${path}/api-keys`, { password }],
    ['POST', `${path}/api-keys/${secret.slice(0, 32)}`, { password }],
    ['PUT', `${path}/ssh-keys`, { password, pubkey: ssh_key }],
    ['DELETE', path],
    ['DELETE', path, { password }],
  ];
  for (const [method, url, body] of attempts) {
    const response = await api()(method, url, body, { authorization });
    assert.deepEqual([response.status, response.json()['code']], [403, 'api_key_refused'], `${method} ${url}`);
    assert.equal(response.json()['location'], '/login/');
  }
  const renamed = await api()('PUT', path, { full_name: 'Same', email: 'keyholder@example.com' }, { authorization });
  assert.equal(renamed.status, 200, renamed.text);
  const sent = (await eventsNamed(app.db, 'user_verification')).filter(
    (event) => event['address'] === 'thief@example.org',
  );
  assert.deepEqual(sent, []);
});

test('a session without a secret cannot change an address or password, nor delete the account', async () => {
  const token = await registerPerson(app, 'session-only');
  const path = '/api/users/session-only';
  for (const [method, url, body] of [
    ['PATCH', path, { email: 'thief2@example.org' }],
    ['PATCH', path, { email: 'thief2@example.org', password: 'bad' }],
    ['PATCH', path, { phone: '+14155550134' }],
    ['DELETE', `${path}/password`, undefined],
    ['DELETE', `${path}/password`, { password: 'bad' }],
    ['DELETE', path, undefined],
    ['DELETE', path, { password: 'bad' }],
  ] as const) {
    const response = await api(token)(method, url, body);
    assert.equal(response.status, 401, `${method} ${url}: ${response.text}`);
    assert.match(String(response.json()['code']), /^secret_(required|wrong)$/);
  }
  assert.equal((await api(token)('GET', path)).json()['credentials'], true);
});

test('a PUT without a secret keeps the address, reports it and sends no code', async () => {
  const token = await registerPerson(app, 'repeater');
  const body = { full_name: 'Re Peater', email: 'thief3@example.org', phone: '+14155550135' };
  const response = await api(token)('PUT', '/api/users/repeater', body);
  assert.equal(response.status, 200, response.text);
  const { full_name, email, phone, detail } = response.json();
  assert.deepEqual([full_name, email, phone], ['Re Peater', 'repeater@example.com', null]);
  assert.match(String(detail), /To change your e-mail address and phone number, repeat the request with your password/);
  const sent = (await eventsNamed(app.db, 'user_verification')).filter((event) => event['address'] === body.email);
  assert.deepEqual(sent, []);
  const wrong = await api(token)('PUT', '/api/users/repeater', { ...body, password: 'bad' });
  assert.deepEqual([wrong.status, wrong.json()['code']], [401, 'secret_wrong']);
});

test('a change of password lists the remaining API keys, and deletes them on request', async () => {
  const token = await registerPerson(app, 'revoker');
  const password = 'correct horse 7';
  const new_password = 'a fine new sentence';
  for (const title of ['staging', 'production']) {
    await api(token)('POST', '/api/users/revoker/api-keys', { password, title });
  }
  const kept = await api(token)('PUT', '/api/users/revoker/password', { password, new_password });
  const titles = kept.json<{ api_keys: { title: string }[] }>().api_keys.map(({ title }) => title);
  assert.deepEqual(titles, ['production', 'staging']);
  const again = await tokenOf('revoker', new_password);
  const change = { password: new_password, new_password: 'yet another sentence', revoke_api_keys: true };
  const revoked = await api(again)('PUT', '/api/users/revoker/password', change);
  assert.deepEqual(revoked.json()['api_keys'], []);
  const keys = app.db.selectFrom('api_keys').innerJoin('users', 'users.id', 'api_keys.user_id').select('pub_key');
  assert.deepEqual(await keys.where('users.username', '=', 'revoker').execute(), []);
});

test('the activation link is sent again only to users without a password', async () => {
  await makeUser(app.db, { username: 'whole' });
  const response = await api(await tokenOf('whole'))('POST', '/api/users/whole/activate');
  assert.deepEqual([response.status, response.json()['code']], [400, 'already_active']);
  const bare = await api()('POST', '/api/auth/register', {
    username: 'bare',
    email: 'bare@example.com',
    full_name: 'Bare One',
  });
  const again = await api(String(bare.json()['token']))('POST', '/api/users/bare/activate');
  assert.equal(again.status, 201, again.text);
  assert.equal(again.json()['credentials'], false);
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
