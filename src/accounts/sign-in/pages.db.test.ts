import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Secret, TOTP } from 'otpauth';
import { apiClient, browserClient, signInBrowser } from '../../../test/support/client.ts';
import { makeUser, testPassword } from '../../../test/support/factories/accounts.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
before(async () => {
  app = await startApp();
});
after(() => app.close());

const signedIn = (username: string, password = testPassword) => signInBrowser(app, username, password);

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
