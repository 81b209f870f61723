import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { findUserByUsername } from '#accounts';
import { ledgerChecks } from '../../src/ledger-checks.ts';
import { verifyLedger } from '#ledger';
import { type Database, openDatabase } from '../../src/platform/db/database.ts';
import { migrate } from '../../src/platform/db/migrate.ts';
import { apiClient } from '../support/client.ts';
import { tokenOf } from '../support/sign-in.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

/** Sample data of the first version, written by pg_dump --inserts, and the instant of the dump. */
const fixture = new URL('../fixtures/first-version.sql', import.meta.url);
const now = new Date('2026-03-10T15:00:00Z');

const server = process.env['TEST_DATABASE_URL'];
const name = `tollgate_first_version_${process.pid}`;

let database: Database;
let app: TestApp;

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

async function openEmpty(): Promise<Database & { url: string | null }> {
  if (server === undefined) return { ...(await openDatabase({ memory: true })), url: null };
  await onServer(`create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const opened = await openDatabase({ url: url.href });
  return {
    ...opened,
    url: url.href,
    async close() {
      await opened.close();
      await onServer(`drop database ${name} with (force)`);
    },
  };
}

before(async () => {
  const opened = await openEmpty();
  database = opened;
  // The dump clears the search path of its connection.
  await opened.executeSql(`begin; ${await readFile(fixture, 'utf8')}; set search_path to public; commit;`);
  app = await startApp({ database: opened, seed: false, now });
});
after(() => app.close());

test('the ledger of the first version is verified after the migrations', async () => {
  const before_migration = await database.executeSql('select count(*) from ledger_entries');
  assert.ok((await migrate(database.db)).length > 0);
  assert.deepEqual(await migrate(database.db), []);
  const { entries_count, violations } = await verifyLedger(database.db, { checks: ledgerChecks });
  assert.equal(entries_count, Number(before_migration.rows[0]?.['count']));
  assert.deepEqual(violations, []);
});

test('users of the first version find their profiles, subscriptions, payments and roles', async () => {
  const call = async (username: string, url: string) => {
    const user = await findUserByUsername(database.db, username);
    assert.ok(user, username);
    const reply = await apiClient(app, await tokenOf(app, user))('GET', url);
    assert.equal(reply.status, 200, `${url}: ${reply.text.slice(0, 300)}`);
    return reply.json<{ count: number }>();
  };
  await call('xia', '/api/profile/xia');
  assert.equal((await call('xia', '/api/profile/xia/subscriptions')).count, 2);
  assert.ok((await call('xia', '/api/billing/xia/history')).count > 0);
  assert.equal((await call('xia', '/api/users/xia/accessibles')).count, 1);
  assert.ok((await call('donny', '/api/profile/cowork/subscribers')).count > 10);
  assert.ok((await call('donny', '/api/billing/cowork/transfers')).count > 100);
  assert.equal((await call('donny', '/api/proxy/rules')).count, 2);
});

test('a user of the first version signs in with the same password and pays', async () => {
  const anonymous = apiClient(app);
  const signed = await anonymous('POST', '/api/auth', { username: 'xia', password: 'yoyo' });
  assert.equal(signed.status, 201, signed.text);
  const xia = apiClient(app, signed.json<{ token: string }>().token);
  assert.equal((await xia('POST', '/api/cart', { plan: 'premium', option: 1 })).status, 201);
  const paid = await xia('POST', '/api/billing/xia/checkout', { processor_token: 'tok_visa' });
  assert.equal(paid.status, 201, paid.text);
  assert.deepEqual((await verifyLedger(database.db, { checks: ledgerChecks })).violations, []);
});
