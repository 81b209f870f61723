import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiClient } from '../../../test/support/client.ts';
import { eventsNamed, makeUser, testPassword } from '../../../test/support/factories/accounts.ts';
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
const keyMailedTo = async (address: string): Promise<string> => {
  const sent = (await eventsNamed(app.db, 'user_verification')).filter((event) => event['address'] === address);
  return String(sent.at(-1)?.['key']);
};

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
