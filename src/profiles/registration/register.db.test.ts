import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inTransaction } from '#platform/db/database';
import { updateSite } from '#platform/site';
import { apiClient } from '../../../test/support/client.ts';
import { eventsNamed } from '../../../test/support/factories/accounts.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

const register = async (body: unknown, query = '') => apiClient(app)('POST', `/api/auth/register${query}`, body);

function usernameIn(token: unknown): string {
  const claims = JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString()) as {
    username: string;
  }; // issued by Tollgate
  return claims.username;
}

test('a visitor registers with a name and an address; a taken username gets digits', async () => {
  const joe = await register({ full_name: 'Joe Card1', email: 'joe@x.example' });
  assert.equal(joe.status, 201);
  assert.equal(usernameIn(joe.json()['token']), 'joe');
  const second = await register({ full_name: 'Joe Card2', email: 'joe@y.example' });
  assert.match(usernameIn(second.json()['token']), /^joe-\d{3}$/);
  assert.equal((await eventsNamed(app.db, 'user_registered')).length, 2);
  assert.equal((await eventsNamed(app.db, 'user_welcome')).length, 2);
});

test('a visitor registers with a password under either documented name and signs in with it', async () => {
  const example = {
    username: 'joe1',
    password: 'a fine long password',
    email: 'joe1@x.example',
    full_name: 'Joe Card1',
  };
  const made = await register({ ...example, type: 'personal' });
  assert.equal(made.status, 201, made.text);
  const signed = await apiClient(app)('POST', '/api/auth', { username: 'joe1', password: example.password });
  assert.equal(signed.status, 201, signed.text);
  const other = { ...example, username: 'joe2', email: 'joe2@x.example' };
  for (const body of [
    { ...other, password: 'Summer2026' },
    { ...other, new_password: 'another long password' },
  ]) {
    const refused = await register(body);
    assert.equal(refused.status, 400);
    assert.ok(Array.isArray(refused.json()['password']), refused.text);
  }
});

test('a refused registration names each invalid field', async () => {
  const refusals: [unknown, string[]][] = [
    [{ full_name: 'Joe' }, ['email', 'phone']],
    [{ email: 'a@x.example' }, ['full_name']],
    [{ full_name: 'Joe', email: 'nonsense' }, ['email']],
    [{ full_name: 'Joe', phone: 'call me' }, ['phone']],
    [{ full_name: 'Joe', email: 'JOE@x.example' }, ['email']],
    [{ full_name: 'Joe', email: 'b@x.example', username: 'JOE' }, ['username']],
    [{ full_name: 'Joe', email: 'b@x.example', username: 'cowork' }, ['username']],
    [{ full_name: 'Joe', email: 'b@x.example', username: 'a.b' }, ['username']],
    [{ full_name: 'Joe', email: 'b@x.example', lang: 'klingon' }, ['lang']],
    [{ full_name: 'Joe', email: 'b@x.example', type: 'provider' }, ['type']],
    [{ full_name: 'Joe', email: 'b@x.example', new_password: 'short' }, ['new_password']],
    [{ full_name: 'Joe', email: 'b@x.example', organization_name: '!!!' }, ['organization_name']],
    [{ full_name: 'Joe', email: 'b@x.example', organization_name: 'Cowork' }, ['organization_name']],
    [{ full_name: 'Joe', email: 'b@x.example', type: 'organization' }, ['organization_name']],
    [{ full_name: 'Joe', email: 'b@x.example', country: 'XX' }, ['country']],
    [{ full_name: 'Joe', email: 'b@x.example', 'terms-of-use': false }, ['terms-of-use']],
  ];
  for (const [body, fields] of refusals) {
    const response = await register(body);
    assert.equal(response.status, 400, JSON.stringify(body));
    for (const field of fields)
      assert.ok(Array.isArray(response.json()[field]), `${JSON.stringify(body)}: ${response.text}`);
  }
  assert.equal(
    await app.db.selectFrom('users').select('id').where('email', '=', 'b@x.example').executeTakeFirst(),
    undefined,
    'a refused registration creates no user',
  );
});

test('a registration with a postal address creates a personal profile', async () => {
  const response = await register({
    full_name: 'Xia Lee',
    email: 'xia@x.example',
    new_password: 'a fine long password',
    street_address: '1 Main St',
    country: 'US',
    'terms-of-use': true,
    role_kinship: 'self',
  });
  const call = apiClient(app, response.json<{ token: string }>().token);
  const profile = (await call('GET', '/api/profile/xia')).json();
  assert.deepEqual(
    [profile['type'], profile['full_name'], profile['street_address'], profile['email']],
    ['personal', 'Xia Lee', '1 Main St', 'xia@x.example'],
  );
  const role = (await call('GET', '/api/profile/xia/roles/manager/xia')).json();
  assert.deepEqual(role['extra'], { kinship: 'self' });
});

test('a registration with an organization name creates an organization that the user manages', async () => {
  const response = await register({
    full_name: 'Ann Boss',
    email: 'ann@x.example',
    new_password: 'a fine long password',
    organization_name: 'Acme 2',
    'terms-of-use': 'true',
  });
  const call = apiClient(app, response.json<{ token: string }>().token);
  const profile = (await call('GET', '/api/profile/acme-2')).json();
  assert.deepEqual([profile['type'], profile['is_provider']], ['organization', false]);
  assert.equal((await call('GET', '/api/users/ann/accessibles')).json()['count'], 1);
});

test('a user who did not sign the terms is refused on guarded routes until signing them', async () => {
  const response = await register({
    full_name: 'Una Signed',
    email: 'una@x.example',
    new_password: 'a fine long password',
  });
  const call = apiClient(app, response.json<{ token: string }>().token);
  const refused = await call('GET', '/api/users/una/accessibles');
  assert.deepEqual([refused.status, refused.json()['code']], [403, 'terms_unsigned']);
  assert.equal((await call('POST', '/api/legal/terms-of-use/sign', { read_terms: true })).status, 200);
  assert.equal((await call('GET', '/api/users/una/accessibles')).status, 200);
});

test('a user without a password reads the own account and is refused on guarded routes', async () => {
  const response = await register({ full_name: 'No Password', email: 'nopw@x.example', 'terms-of-use': true });
  const call = apiClient(app, response.json<{ token: string }>().token);
  assert.equal((await call('GET', '/api/users/nopw')).json()['credentials'], false);
  const refused = await call('GET', '/api/users/nopw/accessibles');
  assert.deepEqual([refused.status, refused.json()['code']], [403, 'password_required']);
});

test('a visitor registers with a phone number in local format', async () => {
  const response = await register({ full_name: 'Phone Only', phone: '(415) 555-2671' });
  assert.equal(response.status, 201, response.text);
  assert.match(usernameIn(response.json()['token']), /^user-/);
});

test('a registration sets a cookie only with cookie=1 and only for the same origin', async () => {
  const person = (n: number) => ({ full_name: 'Cookie', email: `cookie${n}@x.example` });
  assert.match(String((await register(person(1), '?cookie=1')).headers['set-cookie']), /sessionid=/);
  assert.equal((await register(person(2), '?cookie=0')).headers['set-cookie'], undefined);
  const foreign = await apiClient(app)('POST', '/api/auth/register?cookie=1', person(3), {
    origin: 'https://evil.example',
  });
  assert.equal(foreign.status, 403);
});

test('one of several concurrent registrations with the same username succeeds', async () => {
  const responses = await Promise.all(
    [1, 2, 3, 4].map((n) =>
      register({ full_name: 'Twin', email: `twin${n}@x.example`, username: 'twin', type: 'personal' }),
    ),
  );
  assert.deepEqual(
    responses.map((response) => response.status).toSorted((left, right) => left - right),
    [201, 400, 400, 400],
  );
});

test('a closed site refuses registrations', async () => {
  const site = await app.tollgate.site.get();
  await inTransaction(app.db, (tx) => updateSite(tx, site.id, { authentication: 'login-only' }));
  const refused = await register({ full_name: 'Late', email: 'late@x.example' });
  assert.deepEqual([refused.status, refused.json()['code']], [403, 'registration_disabled']);
});
