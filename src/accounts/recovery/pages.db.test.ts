import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inTransaction } from '#platform/db/database';
import { generateApiKey, insertApiKey } from '../credentials/api-key-store.ts';
import { apiClient, browserClient, signInBrowser } from '../../../test/support/client.ts';
import { eventsNamed, makeUser, testPassword } from '../../../test/support/factories/accounts.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

const keyMailedTo = async (address: string): Promise<string> => {
  const sent = (await eventsNamed(app.db, 'user_verification')).filter((event) => event['address'] === address);
  return String(sent.at(-1)?.['key']);
};

const signedIn = (username: string, password = testPassword) => signInBrowser(app, username, password);

test('the recovery page responds the same to known and unknown addresses', async () => {
  await makeUser(app.db, { username: 'lost' });
  const texts = [];
  for (const email of ['lost@example.com', 'ghost@example.com']) {
    const browser = browserClient(app);
    await browser.get('/recover/');
    const response = await browser.post('/recover/', { email });
    assert.equal(response.status, 200);
    texts.push(/role="status">[^<]*/.exec(response.text)?.[0]);
  }
  assert.ok(texts[0]);
  assert.equal(texts[0], texts[1]);
});

test('a link shows its form on every GET, and sets the password on one POST', async () => {
  await makeUser(app.db, { username: 'linked', password: null, full_name: '' });
  await apiClient(app)('POST', '/api/auth/recover', { email: 'linked@example.com' });
  const path = `/login/${await keyMailedTo('linked@example.com')}/?next=/pricing/`;
  const browser = browserClient(app);
  for (let count = 0; count < 3; count += 1) {
    const shown = await browser.get(path);
    assert.equal(shown.status, 200);
    assert.equal(shown.headers['referrer-policy'], 'same-origin');
    assert.equal(shown.headers['cache-control'], 'no-store');
    assert.match(shown.text, /linked@example.com/);
  }
  const fields = { full_name: 'Linked Person', new_password: 'a fine new sentence' };
  const different = await browser.post(path, { ...fields, new_password2: 'another sentence' });
  assert.equal(different.status, 400);
  const short = await browser.post(path, { ...fields, new_password: 'short', new_password2: 'short' });
  assert.equal(short.status, 400);
  const done = await browser.post(path, { ...fields, new_password2: fields.new_password });
  assert.deepEqual([done.status, done.headers['location']], [303, '/pricing/']);
  assert.ok(browser.jar.has('sessionid'));
  const dead = await browserClient(app).get(path);
  assert.equal(dead.status, 404);
  assert.match(dead.text, /no longer works/);
  assert.equal((await browserClient(app).get('/login/not-a-key/')).status, 404);
});

test('a link sends the required code to the phone, and accepts it with the new password', async () => {
  const phone = '+14155550161';
  const at = app.clock.now();
  const user = await makeUser(app.db, { username: 'phoned', phone, phone_verified_at: at });
  await app.db.updateTable('users').set({ phone_verification_required: true }).where('id', '=', user.id).execute();
  await apiClient(app)('POST', '/api/auth/recover', { email: 'phoned@example.com' });
  const path = `/login/${await keyMailedTo('phoned@example.com')}/`;
  const browser = browserClient(app);
  assert.doesNotMatch((await browser.get(path)).text, /name="phone_code"/);
  const passwords = { new_password: 'a brand new sentence', new_password2: 'a brand new sentence' };
  const first = await browser.post(path, passwords);
  assert.equal(first.status, 400);
  assert.match(first.text, /name="phone_code"/);
  const sent = (await eventsNamed(app.db, 'user_verification')).filter((event) => event['address'] === phone);
  assert.equal(sent.length, 1);
  assert.equal((await browser.post(path, { ...passwords, phone_code: String(sent[0]?.['code']) })).status, 303);
});

test('a password set through a link can revoke the API keys, on the page and over the API', async () => {
  for (const way of ['page', 'activate', 'reset'] as const) {
    const username = `resetting-${way}`;
    const user = await makeUser(app.db, { username });
    const browser = await signedIn(username);
    const count = async () =>
      (await app.db.selectFrom('api_keys').select('id').where('user_id', '=', user.id).execute()).length;
    const row = { user_id: user.id, title: 'k', key: generateApiKey(), created_at: app.clock.now(), ends_at: null };
    await inTransaction(app.db, (tx) => insertApiKey(tx, row));
    await apiClient(app)('POST', '/api/auth/recover', { email: `${username}@example.com` });
    const key = await keyMailedTo(`${username}@example.com`);
    const body = { new_password: 'a brand new sentence', revoke_api_keys: true };
    assert.equal(await count(), 1);
    if (way === 'page') {
      const path = `/login/${key}/`;
      assert.match((await browser.get(path)).text, /name="revoke_api_keys"/);
      const form = { ...body, new_password2: body.new_password, revoke_api_keys: '1' };
      assert.equal((await browser.post(path, form)).status, 303);
    } else {
      assert.equal((await apiClient(app)('POST', `/api/auth/${way}/${key}`, body)).status, 201);
    }
    assert.equal(await count(), 0, way);
  }
});
