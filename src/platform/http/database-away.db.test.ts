import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { apiClient, registerUser } from '../../../test/support/client.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

const server = process.env['TEST_DATABASE_URL'];
const skip = server ? false : 'an embedded database does not go away; set TEST_DATABASE_URL';

let app: TestApp;
let token: string;
before(async () => {
  if (skip !== false) return;
  app = await startApp();
  token = await registerUser(app, 'patient');
});
after(async () => {
  if (skip === false) await app.close();
});

/** Closes the database of the test to all connections and ends those that are open, or opens it again. */
async function allowConnections(allowed: boolean): Promise<void> {
  const name = new URL(app.database.url ?? '').pathname.slice(1);
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  await client.query(`alter database ${name} with allow_connections ${allowed}`);
  if (!allowed) await client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
  await client.end();
}

test(
  'requests are refused while the database is unavailable, and the process recovers automatically',
  { skip },
  async () => {
    const call = apiClient(app, token);
    assert.equal((await call('GET', '/api/profile/patient')).status, 200);
    await allowConnections(false);
    try {
      for (const attempt of [1, 2, 3]) {
        const away = await call('GET', '/api/profile/patient');
        assert.equal(away.status, 503, `attempt ${attempt}: ${away.text}`);
        assert.equal(away.json()['code'], 'database_unavailable');
        assert.equal(away.headers['retry-after'], '5');
      }
      assert.equal((await call('GET', '/readyz')).status, 503);
      assert.equal((await call('GET', '/healthz')).status, 200);
      const write = await call('POST', '/api/users/patient/profiles', { full_name: 'Lost Company' });
      assert.equal(write.status, 503);
    } finally {
      await allowConnections(true);
    }
    assert.equal((await call('GET', '/readyz')).status, 200);
    assert.equal((await call('GET', '/api/profile/patient')).status, 200);
    const companies = await app.db
      .selectFrom('profiles')
      .select('id')
      .where('full_name', '=', 'Lost Company')
      .execute();
    assert.deepEqual(companies, []);
  },
);
