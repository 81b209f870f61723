import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { apiClient, registerUser } from '../../../../test/support/client.ts';
import { startApp, type TestApp } from '../../../../test/support/start-app.ts';

const MAX = 12;
let app: TestApp;
before(async () => {
  app = await startApp({
    config: { requests_per_minute_max: MAX, forwarded_requests_per_minute_max: 3, terms_required: false },
  });
});
after(() => app.close());

/** Requests are counted per minute of the wall clock, so no test may run across the end of a minute. */
async function withinOneMinute(): Promise<void> {
  const left_ms = 60_000 - (Date.now() % 60_000);
  if (left_ms < 10_000) await sleep(left_ms);
}

test('beyond the maximum a network is refused with Retry-After, an account in that network is not', async () => {
  await withinOneMinute();
  const anonymous = apiClient(app);
  for (let count = 1; count <= MAX; count += 1) {
    const reply = await anonymous('GET', '/api/pricing');
    assert.equal(reply.status, 200);
    assert.equal(reply.headers['ratelimit-limit'], String(MAX));
    assert.equal(reply.headers['ratelimit-remaining'], String(MAX - count));
  }
  const refused = await anonymous('GET', '/api/pricing');
  assert.equal(refused.status, 429);
  assert.equal(refused.json()['code'], 'too_many_requests');
  const wait_s = Number(refused.headers['retry-after']);
  assert.ok(wait_s >= 1 && wait_s <= 60, `Retry-After ${wait_s}`);
  assert.equal(refused.headers['ratelimit-remaining'], '0');

  // Registration is counted apart from the API, and the new account has a separate count.
  const token = await registerUser(app, 'limited');
  assert.equal((await apiClient(app, token)('GET', '/api/pricing')).status, 200);
});

test('a request with an invalid credential counts for its network', async () => {
  await withinOneMinute();
  const forged = apiClient(app, 'forged');
  const statuses = [];
  for (let count = 0; count <= MAX; count += 1) statuses.push((await forged('GET', '/api/users/limited')).status);
  assert.ok(statuses.includes(429), statuses.join());
});

test('a browser that is refused gets a page', async () => {
  await withinOneMinute();
  const anonymous = apiClient(app);
  const ask = () => anonymous('GET', '/pricing/', undefined, { accept: 'text/html' });
  for (let count = 0; count < MAX; count += 1) await ask();
  const refused = await ask();
  assert.equal(refused.status, 429);
  assert.match(refused.text, /<h1/);
});

test('forwarded requests have a separate limit', async () => {
  await withinOneMinute();
  const statuses = [];
  for (let count = 0; count < 4; count += 1) statuses.push((await apiClient(app)('GET', '/elsewhere/')).status);
  assert.deepEqual(statuses, [403, 403, 403, 429]);
});

test('public files and health checks have no limit', async () => {
  const anonymous = apiClient(app);
  for (let count = 0; count < MAX * 3; count += 1) {
    assert.equal((await anonymous('GET', '/healthz')).status, 200);
    assert.equal((await anonymous('GET', '/static/css/site.css')).status, 200);
  }
});
