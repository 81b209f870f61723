import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiClient, registerUser } from '../../../../test/support/client.ts';
import { startApp, type TestApp } from '../../../../test/support/start-app.ts';

let app: TestApp;
before(async () => {
  app = await startApp({ config: { base_url: 'https://shop.example.com', terms_required: false } });
});
after(() => app.close());

test('a mailed link has the scheme of the site, regardless of the scheme of the request', async () => {
  await registerUser(app, 'linked');
  const headers = { host: 'shop.example.com' };
  const reply = await apiClient(app)('POST', '/api/auth/recover', { email: 'linked@example.com' }, headers);
  assert.equal(reply.status, 201);
  await app.tollgate.worker.drain();
  // The message of the registration is delivered at the same time, in any order.
  const mail = app.tollgate.mailbox.list('linked@example.com').find(({ text }) => text.includes('/login/'));
  assert.ok(mail);
  assert.match(mail.text, /https:\/\/shop\.example\.com\/login\//);
});

test('a forged Host has no effect on links', async () => {
  const page = await apiClient(app)('GET', '/api/pricing?page_size=1', undefined, { host: 'evil.example.com' });
  assert.equal(page.status, 200);
  assert.doesNotMatch(page.text, /evil/);
});

test('behind a proxy that ends TLS, pages of the site count as the same origin', async () => {
  const reply = await app.http.inject({
    method: 'POST',
    url: '/api/auth?cookie=1',
    headers: { host: 'shop.example.com', origin: 'https://shop.example.com', 'sec-fetch-site': 'same-origin' },
    payload: { username: 'linked', password: 'correct horse 7' },
  });
  assert.equal(reply.statusCode, 201, reply.body);
});
