import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiClient, browserClient, registerUser } from '../../../../test/support/client.ts';
import { startApp, type TestApp } from '../../../../test/support/start-app.ts';

let app: TestApp;
let token: string;
before(async () => {
  app = await startApp({ config: { terms_required: false } });
  token = await registerUser(app, 'nul');
});
after(() => app.close());

const NUL = '\u0000';

test('a NUL in an address is refused with 400', async () => {
  for (const url of [
    '/api/accounts?q=ab%00',
    '/api/accounts/profiles/a%00b',
    '/api/profile/a%00b',
    '/api/legal/a%00',
  ]) {
    const reply = await apiClient(app, token)('GET', url);
    assert.equal(reply.status, 400, url);
    assert.equal(reply.json()['code'], 'malformed_body', url);
  }
});

test('a NUL in a body is refused under the field that holds it', async () => {
  const bodies: [string, unknown, string][] = [
    ['/api/auth', { username: `a${NUL}`, password: 'x' }, 'username'],
    ['/api/auth/recover', { email: `a${NUL}@example.com` }, 'email'],
    ['/api/contact', { full_name: 'A', email: 'a@example.com', message: `a${NUL}b` }, 'message'],
    ['/api/auth/register', { full_name: 'A', email: 'a@example.com', user_notes: { deep: [NUL] } }, 'user_notes'],
  ];
  for (const [url, body, field] of bodies) {
    const reply = await apiClient(app)('POST', url, body);
    assert.equal(reply.status, 400, `${url}: ${reply.text}`);
    assert.ok(Array.isArray(reply.json()[field]), `${url}: ${reply.text}`);
  }
});

test('half of a surrogate pair is refused, since no database can store it', async () => {
  const body = { full_name: 'A', email: 'a@example.com', message: 'a\ud800' };
  const reply = await apiClient(app)('POST', '/api/contact', body);
  assert.equal(reply.status, 400, reply.text);
  assert.ok(Array.isArray(reply.json()['message']));
});

test('a NUL in the name of a field is refused', async () => {
  const body = { full_name: 'A', email: 'b@example.com', new_password: 'correct horse 7', [`k${NUL}`]: true };
  const reply = await apiClient(app)('POST', '/api/auth/register', body);
  assert.equal(reply.status, 400, reply.text);
  assert.equal(reply.json()['code'], 'malformed_body');
});

test('a NUL in a posted form is refused', async () => {
  const browser = browserClient(app);
  await browser.get('/login/');
  const reply = await browser.post('/login/', { username: `a${NUL}`, password: 'x' });
  assert.equal(reply.status, 400);
});

test('a body that is nested too deeply is refused before any code traverses it', async () => {
  const payload = `{"full_name": "A", "email": "a@example.com", "user_notes": ${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  const reply = await app.http.inject({ method: 'POST', url: '/api/auth/register', headers, payload });
  assert.equal(reply.statusCode, 400, reply.body);
});
