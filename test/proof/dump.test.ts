import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import pg from 'pg';
import { sealLedger, verifyLedger } from '#ledger';
import { ledgerChecks } from '../../src/ledger-checks.ts';
import { openDatabase } from '../../src/platform/db/database.ts';
import { testContext } from '../support/context.ts';
import { openTestDatabase } from '../support/database.ts';
import { addPlanToCart, checkOutCart, makeBuyer } from '../support/factories/billing.ts';
import { makePlan } from '../support/factories/catalog.ts';

const run = promisify(execFile);
const server = process.env['TEST_DATABASE_URL'];
const has_client = ['pg_dump', 'psql'].every((name) => spawnSync(name, ['--version']).status === 0);
const skip =
  server === undefined
    ? 'a dump needs a PostgreSQL: TEST_DATABASE_URL is not set'
    : has_client
      ? false
      : 'pg_dump and psql are not installed';
const copy = `tollgate_restored_${process.pid}`;
const file = join(tmpdir(), `${copy}.sql`);

async function runOnServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  await client.query(statement);
  await client.end();
}

after(async () => {
  if (skip !== false) return;
  await runOnServer(`drop database if exists ${copy} with (force)`);
  await rm(file, { force: true });
});

test(
  'a restored dump has the same ledger, hash chain and balances, and reveals a changed entry',
  { skip },
  async () => {
    const database = await openTestDatabase();
    const ctx = await testContext(database.db);
    const plan = await makePlan(ctx);
    for (let count = 0; count < 3; count += 1) {
      const buyer = await makeBuyer(ctx);
      await addPlanToCart(buyer, plan);
      await checkOutCart(buyer);
    }
    await sealLedger(database.db);
    const before = await verifyLedger(database.db, { checks: ledgerChecks });
    assert.deepEqual(before.violations, []);
    assert.ok(before.entries_count > 0);
    assert.ok(database.url && server);
    await run('pg_dump', ['--no-owner', '--file', file, database.url]);
    await runOnServer(`create database ${copy}`);
    const url = new URL(server);
    url.pathname = `/${copy}`;
    await run('psql', ['--quiet', '--set', 'ON_ERROR_STOP=1', '--file', file, url.href], { maxBuffer: 1e8 });
    await database.close();

    const restored = await openDatabase({ url: url.href });
    assert.deepEqual(await verifyLedger(restored.db, { checks: ledgerChecks }), before);
    // Who can write the tables without their triggers is found by the chain.
    await sql`set session_replication_role = replica; update ledger_entries set description = 'Changed'
    where id = (select min(id) from ledger_entries); set session_replication_role = origin`.execute(restored.db);
    const changed = await verifyLedger(restored.db, { checks: ledgerChecks });
    assert.ok(changed.violations.length > 0, 'the chain names the changed entry');
    await restored.close();
  },
);
