import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Secret, TOTP } from 'otpauth';
import { inTransaction } from '#platform/db/database';
import { generateApiKey, insertApiKey } from './credentials/api-key-store.ts';
import { apiClient, browserClient, registerPerson } from '../../test/support/client.ts';
import { eventsNamed, makeUser, testPassword } from '../../test/support/factories/accounts.ts';
import { startApp, type TestApp } from '../../test/support/start-app.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

const keyMailedTo = async (address: string): Promise<string> => {
  const sent = (await eventsNamed(app.db, 'user_verification')).filter((event) => event['address'] === address);
  return String(sent.at(-1)?.['key']);
};

async function signedIn(username: string, password = testPassword) {
  const browser = browserClient(app);
  await browser.get('/login/');
  const response = await browser.post('/login/', { username, password });
  assert.equal(response.status, 303, response.text);
  return browser;
}

test('a browser signs in with name and password and is redirected to next', async () => {
  await makeUser(app.db, { username: 'walker' });
  const browser = browserClient(app);
  assert.equal((await browser.get('/login/?next=/pricing/')).status, 200);
  const response = await browser.post('/login/?next=/pricing/', {
    username: 'walker@example.com',
    password: testPassword,
  });
  assert.deepEqual([response.status, response.headers['location']], [303, '/pricing/']);
  assert.match(browser.jar.get('sessionid') ?? '', /^[-\w]{43}$/);
  assert.equal((await browser.get('/users/walker/')).status, 200);
});

test('next is accepted only as a path of this site', async () => {
  await makeUser(app.db, { username: 'redirected' });
  for (const next of [
    '////evil.com',
    '/\\evil.com',
    'https://evil.com/a',
    '//evil.com',
    '/%2f%2fevil.com',
    'javascript:alert(1)',
    '/\tevil',
    '',
  ]) {
    const browser = browserClient(app);
    const path = `/login/?next=${encodeURIComponent(next)}`;
    await browser.get(path);
    const response = await browser.post(path, { username: 'redirected', password: testPassword });
    assert.deepEqual([response.status, response.headers['location']], [303, '/app/'], next);
  }
});

test('a wrong password shows the form again with the name and without the password', async () => {
  await makeUser(app.db, { username: 'mistyped' });
  const browser = browserClient(app);
  await browser.get('/login/');
  const response = await browser.post('/login/', { username: 'mistyped', password: 'the-wrong-password' });
  assert.equal(response.status, 400);
  assert.match(response.text, /value="mistyped"/);
  assert.match(response.text, /do not match/);
  assert.doesNotMatch(response.text, /the-wrong-password/);
  assert.equal(browser.jar.has('sessionid'), false);
  const empty = await browser.post('/login/', { username: '', password: '' });
  assert.equal(empty.status, 400);
});

test('a sign-in form without its CSRF token is refused', async () => {
  await makeUser(app.db, { username: 'crossed' });
  const response = await app.http.inject({
    method: 'POST',
    url: '/login/',
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' },
    payload: new URLSearchParams({ username: 'crossed', password: testPassword }).toString(),
  });
  assert.equal(response.statusCode, 403);
});

test('with a TOTP factor the code is a second form, which contains no password', async () => {
  const user = await makeUser(app.db, { username: 'factor' });
  const token = String(
    (await apiClient(app)('POST', '/api/auth', { username: 'factor', password: testPassword })).json()['token'],
  );
  const body = {
    password: testPassword,
    otp_enabled: true,
    email_verification_enabled: false,
    phone_verification_enabled: false,
  };
  const enrolling = await apiClient(app, token)('PUT', '/api/users/factor/otp', body);
  const totp = new TOTP({ secret: Secret.fromBase32(String(enrolling.json()['priv_key'])) });
  const code = (offset_s = 0) => totp.generate({ timestamp: app.clock.now().getTime() + offset_s * 1000 });
  await apiClient(app, token)('PUT', '/api/users/factor/otp', { ...body, otp_code: code() });
  assert.ok(user.id);

  const browser = browserClient(app);
  await browser.get('/login/');
  const step = await browser.post('/login/', { username: 'factor', password: testPassword });
  assert.equal(step.status, 200);
  assert.match(step.text, /name="code"/);
  assert.doesNotMatch(step.text, new RegExp(testPassword));
  assert.equal(browser.jar.has('sessionid'), false);

  const sealed = /name="step" value="([^"]+)"/.exec(step.text)?.[1] ?? '';
  assert.match(sealed, /^v1\./);
  const wrong = await browser.post('/login/', { step: sealed, channel: 'otp_code', code: code() });
  assert.equal(wrong.status, 400);
  const again = /name="step" value="([^"]+)"/.exec(wrong.text)?.[1] ?? '';
  const right = await browser.post('/login/', { step: again, channel: 'otp_code', code: code(30) });
  assert.deepEqual([right.status, right.headers['location']], [303, '/app/']);
  assert.ok(browser.jar.has('sessionid'));
});

test('an altered sign-in step starts the sign-in again', async () => {
  const browser = browserClient(app);
  await browser.get('/login/');
  for (const step of ['v1.deadbeef.AAAA', 'x', 'v1..']) {
    const response = await browser.post('/login/', { step, channel: 'otp_code', code: '123456' });
    assert.equal(response.status, 400);
    assert.match(response.text, /name="password"/);
  }
});

test('only POST signs the browser out', async () => {
  await makeUser(app.db, { username: 'departing' });
  const browser = await signedIn('departing');
  const secret = browser.jar.get('sessionid') ?? '';
  assert.equal((await browser.get('/logout/')).status, 200);
  assert.equal((await browser.get('/users/departing/')).status, 200);
  const response = await browser.post('/logout/', {});
  assert.equal(response.status, 303);
  assert.equal(browser.jar.has('sessionid'), false);
  browser.jar.set('sessionid', secret);
  assert.equal((await browser.get('/users/departing/')).status, 302);
});

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

test('the account page updates fields, requires a code for a new address, and follows a rename', async () => {
  await registerPerson(app, 'pager');
  const browser = await signedIn('pager', 'correct horse 7');
  await app.db
    .updateTable('users')
    .set({ email_verified_at: app.clock.now() })
    .where('username', '=', 'pager')
    .execute();
  await browser.get('/users/pager/');
  const facts = { username: 'pager', full_name: 'Pager Person', nick_name: '', email: 'pager@example.com', phone: '' };
  const saved = await browser.post('/users/pager/', facts);
  assert.deepEqual([saved.status, saved.headers['location']], [303, '/users/pager/']);

  const alone = await browser.post('/users/pager/', { ...facts, email: 'pager@example.org' });
  assert.equal(alone.status, 400);
  assert.match(alone.text, /Enter your current password/);
  const asked = await browser.post('/users/pager/', {
    ...facts,
    email: 'pager@example.org',
    password: 'correct horse 7',
  });
  assert.equal(asked.status, 200);
  assert.match(asked.text, /We sent a code to pager@example.org/);
  const sent = (await eventsNamed(app.db, 'user_verification')).filter(
    (event) => event['address'] === 'pager@example.org',
  );
  const proved = await browser.post('/users/pager/', {
    ...facts,
    email: 'pager@example.org',
    email_code: String(sent.at(-1)?.['code']),
    username: 'pager2',
  });
  assert.deepEqual([proved.status, proved.headers['location']], [303, '/users/pager2/']);
  const page = await browser.get('/users/pager2/');
  assert.match(page.text, /value="pager@example.org"/);
  const bad = await browser.post('/users/pager2/', { ...facts, username: 'not a name', email: 'pager@example.org' });
  assert.equal(bad.status, 400);
});

test('the password page changes the password; the browser stays signed in with a new cookie', async () => {
  await makeUser(app.db, { username: 'renewed' });
  const [browser, elsewhere] = [await signedIn('renewed'), await signedIn('renewed')];
  const before_change = browser.jar.get('sessionid');
  await browser.get('/users/renewed/password/');
  const fields = { password: testPassword, new_password: 'a fine new sentence', new_password2: 'a fine new sentence' };
  const wrong = await browser.post('/users/renewed/password/', { ...fields, password: 'bad' });
  assert.equal(wrong.status, 400);
  const done = await browser.post('/users/renewed/password/', fields);
  assert.equal(done.status, 303, done.text);
  assert.notEqual(browser.jar.get('sessionid'), before_change);
  assert.equal((await browser.get('/users/renewed/')).status, 200);
  assert.equal((await elsewhere.get('/users/renewed/')).status, 302);
});

test('a user cannot open the account pages of another user', async () => {
  await makeUser(app.db, { username: 'observed' });
  await makeUser(app.db, { username: 'curious' });
  const browser = await signedIn('curious');
  for (const path of ['/users/observed/', '/users/observed/password/']) {
    assert.equal((await browser.get(path)).status, 403, path);
    const response = await browserClient(app).get(path);
    assert.equal(response.status, 302);
    assert.match(String(response.headers['location']), /^\/login\/\?next=/);
  }
  assert.equal((await browser.get('/users/')).headers['location'], '/users/curious/');
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
