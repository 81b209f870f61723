import assert from 'node:assert/strict';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { migrate, migrationsFolder } from './migrate.ts';

let database: TestDatabase;
let folder: string;
before(async () => {
  database = await openTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'migrations-'));
  await cp(migrationsFolder, folder, { recursive: true });
});
after(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

test('a migrated database stays unchanged', async () => {
  assert.deepEqual(await migrate(database.db), []);
});

test('nodes that start together run a new migration once', async () => {
  await writeFile(join(folder, '9001-tries.sql'), 'create table tries (n integer); insert into tries values (1);');
  const messages: string[] = [];
  const ran = await Promise.all([1, 2, 3].map(() => migrate(database.db, (message) => messages.push(message), folder)));
  assert.deepEqual(ran.flat(), ['9001-tries.sql']);
  assert.equal(messages.length, 1);
  assert.match(messages[0] ?? '', /^migration 9001-tries.sql applied in [0-9]+ ms$/);
  assert.deepEqual((await database.executeSql('select n from tries')).rows, [{ n: 1 }]);
});

test('a failed migration changes nothing and is named in the error', async () => {
  const file = join(folder, '9002-broken.sql');
  await writeFile(file, 'create table half (n integer); select 1 / 0;');
  await assert.rejects(migrate(database.db, undefined, folder), /migration 9002-broken.sql failed: division by zero/);
  assert.deepEqual((await database.executeSql("select to_regclass('half') as half")).rows, [{ half: null }]);
  await rm(file);
});

test('a migration changed after it was applied is refused before anything runs', async () => {
  await writeFile(join(folder, '9001-tries.sql'), 'create table tries (n bigint);');
  await writeFile(join(folder, '9003-more.sql'), 'create table more (n integer);');
  await assert.rejects(migrate(database.db, undefined, folder), /9001-tries.sql was changed after it had been applied/);
  assert.deepEqual((await database.executeSql("select to_regclass('more') as more")).rows, [{ more: null }]);
});

test('a database of a newer version is refused', async () => {
  const messages: string[] = [];
  assert.deepEqual(await migrate(database.db, (message) => messages.push(message)), []);
  assert.deepEqual(messages, [
    'migration 9001-tries.sql is in the database and not in this version: the database is newer',
  ]);
});
