import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Database, openDatabase } from '#platform/db/database';
import { migrate, migrationsFolder } from '#platform/db/migrate';

/** Opens a database as the first version left it, with these rows. */
async function oldDatabase(rows: string): Promise<Database> {
  const folder = await mkdtemp(join(tmpdir(), 'first-version-'));
  for (const name of await readdir(migrationsFolder))
    if (/^00(0\d|1[0-2])-/.test(name)) await cp(join(migrationsFolder, name), join(folder, name));
  const database = await openDatabase({ memory: true });
  await migrate(database.db, undefined, folder);
  await rm(folder, { recursive: true });
  await database.executeSql(rows);
  return database;
}

test('a database of the first version keeps its rows under names in lower case', async () => {
  const database = await oldDatabase(`
    insert into users (username, email, created_at) values ('MixedCase', 'm@x.example', now());
    insert into profiles (slug, full_name, created_at) values ('Acme', 'Acme', now());
    insert into plans (profile_id, slug, title, unit, created_at) select id, 'Open-Space', 'Open', 'usd', now() from profiles;
    insert into contacts (slug, created_at) values ('Lead', now());`);
  await migrate(database.db);
  const { rows } = await database.executeSql(
    `select username as name from users union all select slug from profiles union all select slug from plans
     union all select slug from contacts`,
  );
  assert.deepEqual(
    rows.map(({ name }) => name),
    ['mixedcase', 'acme', 'open-space', 'lead'],
  );
  await assert.rejects(
    database.executeSql("insert into users (username, created_at) values ('UPPER', now())"),
    /users_username_lower/,
  );
  await database.close();
});

test('names that differ in case only stop the migration, which lists them', async () => {
  const database = await oldDatabase(`
    insert into profiles (slug, full_name, created_at) values ('acme', 'Acme', now());
    insert into plans (profile_id, slug, title, unit, created_at) select id, 'Basic', 'One', 'usd', now() from profiles;
    insert into plans (profile_id, slug, title, unit, created_at) select id, 'basic', 'Two', 'usd', now() from profiles;`);
  await assert.rejects(migrate(database.db), /0018-names-in-lower-case\.sql failed: .*plans: Basic, basic/);
  const { rows } = await database.executeSql('select slug from plans order by id');
  assert.deepEqual(rows, [{ slug: 'Basic' }, { slug: 'basic' }]);
  await database.close();
});
