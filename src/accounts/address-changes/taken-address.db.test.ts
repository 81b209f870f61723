import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiClient, registerUser } from '../../../test/support/client.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
before(async () => {
  app = await startApp({ config: { throttle_factor: 1, terms_required: false } });
});
after(() => app.close());

test('requests for new addresses are limited to ten, so that a user cannot probe addresses', async () => {
  const call = apiClient(app, await registerUser(app, 'prober'));
  const statuses: number[] = [];
  for (let guess = 0; guess < 12; guess += 1) {
    const secret = { password: 'correct horse 7' };
    const change = { full_name: 'Prober', email: `guess-${guess}@example.com`, ...secret };
    statuses.push((await call('PUT', '/api/users/prober', change)).status);
  }
  assert.deepEqual(statuses.slice(10), [429, 429]);
  assert.equal(
    (await call('PUT', '/api/users/prober', { full_name: 'Probed' })).status,
    200,
    'other fields can change',
  );
});

test('only the user can list the API keys of an account', async () => {
  const path = '/api/users/keyholder/api-keys';
  const own = apiClient(app, await registerUser(app, 'keyholder'));
  assert.equal((await own('GET', path)).status, 200);
  const other = apiClient(app, await registerUser(app, 'bystander'));
  assert.equal((await other('GET', path)).status, 403);
  const keys = app.http.routeList.filter((route) => route.url.includes('/api-keys'));
  assert.deepEqual([...new Set(keys.map((route) => route.access.kind))], ['self-only']);
});
