import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { startProgram } from '../support/program.ts';
import { seedSite } from '../support/seed.ts';
import { TEST_SECRET } from '../support/test-secret.ts';

let database: TestDatabase | null = null;
after(() => database?.close());

async function simulate(environment: Record<string, string>, ...args: string[]) {
  const program = startProgram(['src/main.ts', 'simulate', ...args], { SECRET_KEY: TEST_SECRET, ...environment });
  return { status: await program.exited, output: program.output() };
}

test('a simulation refuses options that are not whole numbers', async () => {
  const refused = await simulate({}, '--subscribers', '1.5');
  assert.equal(refused.status, 2);
  assert.match(refused.output, /Use: tollgate simulate/);
});

const skip = process.env['TEST_DATABASE_URL'] ? false : 'a simulation opens no folder, only a server or memory';

test('a simulation refuses the database of a site, and writes nothing', { skip }, async () => {
  database = await openTestDatabase();
  const { db, url } = database;
  assert.ok(url);
  await seedSite(db, new Date('2026-01-10T10:00:00Z'));
  const count = async () => (await db.selectFrom('profiles').select('id').execute()).length;
  const before = await count();
  const refused = await simulate({ DATABASE_URL: url }, '--subscribers', '1', '--months', '1');
  assert.equal(refused.status, 2, refused.output);
  assert.match(refused.output, /is not empty/);
  assert.equal(await count(), before);
});
