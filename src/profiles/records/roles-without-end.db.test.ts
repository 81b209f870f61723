import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { inTransaction } from '#platform/db/database';
import { testContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { makeOrganization } from '../../../test/support/factories/profiles.ts';
import { makeUser } from '../../../test/support/factories/accounts.ts';

const migration = new URL('../../../migrations/0053-roles-without-end.sql', import.meta.url);

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
  await testContext(database.db);
});
after(() => database.close());

test('the migration that drops the end of roles names the roles that have one and changes nothing', async () => {
  const text = await readFile(migration, 'utf8');
  const { db } = database;
  await sql`alter table roles add column ends_at timestamptz`.execute(db);
  await makeOrganization(db, { manager: await makeUser(db) });
  const { id } = await db.selectFrom('roles').select('id').executeTakeFirstOrThrow();
  await sql`update roles set ends_at = now()`.execute(db);
  const runMigration = async () => inTransaction(db, async (tx) => sql.raw(text).execute(tx));
  await assert.rejects(runMigration, new RegExp(`roles with an end date: ${id}$`));
  const { rows } = await sql<{ ended: number }>`select count(ends_at) as ended from roles`.execute(db);
  assert.equal(Number(rows[0]?.ended), 1);
  await sql`update roles set ends_at = null`.execute(db);
  await runMigration();
});
