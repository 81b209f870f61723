import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findUserByUsername } from '#accounts';
import { inTransaction } from '#platform/db/database';
import { findSite } from '#platform/site';
import { makeManager } from '#profiles';
import { apiClient, registerUser } from '../../../test/support/client.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
let call: ReturnType<typeof apiClient>;
before(async () => {
  app = await startApp();
  call = apiClient(app, await registerUser(app, 'bookkeeper'));
  const [site, user] = await Promise.all([findSite(app.db), findUserByUsername(app.db, 'bookkeeper')]);
  assert.ok(site && user);
  await inTransaction(app.db, (tx) => makeManager(tx, { id: site.broker_id }, user, app.clock.now()));
});
after(() => app.close());

const lines = '/api/metrics/balances/taxes/lines';

test('a line is added, read, moved and removed', async () => {
  const added = await call('POST', lines, { title: 'Sales', selector: 'Receivable', rank: 1 });
  assert.deepEqual([added.status, added.json()], [201, { title: 'Sales', selector: 'Receivable', rank: 1 }]);
  const moved = await call('PUT', `${lines}/1`, { title: 'Net sales', rank: 4 });
  assert.deepEqual([moved.status, moved.json()], [200, { title: 'Net sales', selector: 'Receivable', rank: 4 }]);
  const renamed = await call('PATCH', `${lines}/4`, { title: 'Sales' });
  assert.deepEqual(renamed.json(), { title: 'Sales', selector: 'Receivable', rank: 4 });
  assert.deepEqual((await call('GET', `${lines}/4`)).json(), renamed.json());
  assert.deepEqual((await call('GET', lines)).json(), {
    count: 1,
    next: null,
    previous: null,
    results: [renamed.json()],
  });
  assert.equal((await call('DELETE', `${lines}/4`)).status, 204);
  const gone = await call('GET', `${lines}/4`);
  assert.deepEqual([gone.status, gone.json()['code']], [404, 'balance_line_unknown']);
  assert.equal((await call('DELETE', `${lines}/4`)).status, 404);
});

test('a sheet has the requested number of periods, and an invalid parameter is named', async () => {
  await call('POST', '/api/metrics/balances/sheet/lines', { title: 'Sales', rank: 1 });
  const sheet = await call('GET', '/api/metrics/balances/sheet?nb_periods=2&period_type=weekly&ends_at=2026-03-01');
  const { results, ...head } = sheet.json<{ definition: string; results: { values: unknown[] }[] }>();
  const { definition, ...facts } = head;
  assert.deepEqual(facts, { scale: 0.01, unit: 'usd', title: 'Balances: sheet' });
  assert.match(definition, /accounts of all profiles whose name contains its selector/);
  assert.deepEqual(results[0]?.values.length, 3);
  for (const query of ['nb_periods=0', 'nb_periods=101', 'period_type=fortnightly', 'ends_at=soon']) {
    const reply = await call('GET', `/api/metrics/balances/sheet?${query}`);
    assert.equal(reply.status, 400, query);
    assert.ok(query.slice(0, query.indexOf('=')) in reply.json(), reply.text);
  }
});

test('only users of the broker read a balance sheet', async () => {
  const outsider = apiClient(app, await registerUser(app, 'outsider'));
  assert.equal((await outsider('GET', '/api/metrics/balances/taxes')).status, 403);
  assert.equal((await apiClient(app)('GET', '/api/metrics/balances/taxes')).status, 401);
});
