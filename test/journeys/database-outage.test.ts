import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openDatabase } from '../../src/platform/db/database.ts';
import { apiClient, registerUser } from '../support/client.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { type DatabaseProxy, proxyDatabase } from '../support/database-proxy.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

const skip = process.env['TEST_DATABASE_URL'] ? false : 'an embedded database cannot be away';
let direct: TestDatabase;
let proxy: DatabaseProxy;
let app: TestApp;
let xia: ReturnType<typeof apiClient>;

before(async () => {
  if (skip) return;
  direct = await openTestDatabase();
  proxy = await proxyDatabase(direct.url ?? '');
  const proxied = await openDatabase({ url: proxy.url, connect_timeout_ms: 1_000 });
  app = await startApp({ database: { ...proxied, url: proxy.url } });
  await app.tollgate.startWorker();
  xia = apiClient(app, await registerUser(app, 'xia'));
});
after(async () => {
  if (skip) return;
  await app.close();
  await proxy.disconnect();
  await direct.close();
});

test(
  'requests during a database outage are refused with Retry-After, lose no data and succeed after it',
  { skip },
  async () => {
    const anonymous = apiClient(app);
    assert.equal((await xia('GET', '/api/users/xia/notifications')).status, 200);
    await proxy.disconnect();

    for (const [method, url, body] of [
      ['GET', '/api/pricing', undefined],
      ['GET', '/api/users/xia/notifications', undefined],
      ['PUT', '/api/users/xia/notifications', { notifications: [] }],
      ['POST', '/api/auth', { username: 'xia', password: 'correct horse 7' }],
    ] as const) {
      const refused = await xia(method, url, body);
      assert.equal(refused.status, 503, url);
      assert.equal(refused.json()['code'], 'database_unavailable', url);
      assert.ok(Number(refused.headers['retry-after']) > 0, url);
    }
    assert.equal((await anonymous('GET', '/readyz')).status, 503);
    assert.equal((await anonymous('GET', '/healthz')).status, 200);

    await proxy.restore();
    assert.equal((await anonymous('GET', '/readyz')).status, 200);
    const kept = (await xia('GET', '/api/users/xia/notifications')).json<{ notifications: string[] }>().notifications;
    assert.ok(kept.length > 0, 'the refused change has no effect');
    assert.deepEqual((await xia('PUT', '/api/users/xia/notifications', { notifications: ['card_updated'] })).json(), {
      notifications: ['card_updated'],
    });
  },
);

test('the running process delivers events of the time before an outage after it', { skip }, async () => {
  await registerUser(app, 'kenneth');
  await proxy.disconnect();
  await assert.rejects(app.tollgate.worker.drain());
  await proxy.restore();
  const deadline = performance.now() + 20_000;
  const welcomed = () => app.tollgate.mailbox.list('kenneth@example.com').some(({ event }) => event === 'user_welcome');
  while (!welcomed() && performance.now() < deadline) await new Promise((resolve) => void setTimeout(resolve, 50));
  assert.ok(welcomed());
});
