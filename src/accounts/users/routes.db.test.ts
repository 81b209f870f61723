import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Secret, TOTP } from 'otpauth';
import { apiClient, registerUser } from '../../../test/support/client.ts';
import { eventsNamed, makeUser, testPassword } from '../../../test/support/factories/accounts.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

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

test('a change of password requires a secret, and invalidates the token of the request', async () => {
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
  const eve = await registerUser(app, 'eve');
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
  const token = await registerUser(app, 'xia');
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
  const token = await registerUser(app, 'goner');
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
  const token = await registerUser(app, 'keyed');
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
  const token = await registerUser(app, 'keyholder');
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
  const token = await registerUser(app, 'session-only');
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
  const token = await registerUser(app, 'repeater');
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
  const token = await registerUser(app, 'revoker');
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
