import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import pg from 'pg';
import { pino } from 'pino';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { makeUser } from '../../../test/support/factories/accounts.ts';
import { type Db, inTransaction } from '../db/database.ts';
import type { UserId } from '../db/db-schema.ts';
import { defineFact, type Facts, makeFacts } from './facts.ts';
import { deleteOldChanges } from './changes-store.ts';
import { tag } from './tag.ts';

const log = pino({ level: 'silent' });
const userName = defineFact<{ full_name: string }>('user-name');
let database: TestDatabase;
let facts: Facts;

before(async () => {
  database = await openTestDatabase();
  facts = makeFacts({ database, log });
  facts.start();
  await untilTrusted();
});
after(async () => {
  facts.close();
  await database.close();
});

async function untilTrusted(): Promise<void> {
  for (const deadline = performance.now() + 5000; !facts.status().is_trusted; await sleep(5))
    assert.ok(performance.now() < deadline, 'facts become usable');
}

const loadName = (id: UserId) => async () => {
  const row = await database.db.selectFrom('users').select('full_name').where('id', '=', id).executeTakeFirst();
  return row && { value: row, tags: [tag('user', id)] };
};
const getName = async (id: UserId) => (await facts.get(userName, id, loadName(id)))?.full_name;
const rename = (db: Db | Parameters<Parameters<typeof inTransaction>[1]>[0], id: UserId, full_name: string) =>
  db.updateTable('users').set({ full_name }).where('id', '=', id).execute();

/** Writes as another process does; on a PGlite there is none. */
async function writeElsewhere(text: string, values: unknown[]): Promise<void> {
  const client = new pg.Client({ connectionString: database.url ?? '' });
  await client.connect();
  await client.query(text, values);
  await client.end();
}

test('a value is loaded once, and again after a change of this process', async () => {
  const { id } = await makeUser(database.db, { full_name: 'One' });
  assert.equal(facts.peek(userName, id), undefined);
  assert.equal(await getName(id), 'One');
  assert.deepEqual(facts.peek(userName, id), { full_name: 'One' });
  await rename(database.db, id, 'Two'); // autocommit
  assert.equal(facts.peek(userName, id), undefined);
  assert.equal(await getName(id), 'Two');
  await inTransaction(database.db, (tx) => rename(tx, id, 'Three'));
  assert.equal(facts.peek(userName, id), undefined);
  assert.equal(await getName(id), 'Three');
  await database.executeSql(`update users set full_name = 'Four' where id = ${id}`);
  assert.equal(await getName(id), 'Four');
});

test('a transaction that is rolled back removes nothing', async () => {
  const { id } = await makeUser(database.db, { full_name: 'Kept' });
  await getName(id);
  await assert.rejects(
    inTransaction(database.db, async (tx) => {
      await rename(tx, id, 'Lost');
      throw new Error('no');
    }),
    /no/,
  );
  assert.deepEqual(facts.peek(userName, id), { full_name: 'Kept' });
});

test('a write of columns without meaning for access removes nothing', async () => {
  const { id } = await makeUser(database.db, { full_name: 'Kept' });
  await getName(id);
  await database.db.updateTable('users').set({ last_login_at: new Date() }).where('id', '=', id).execute();
  assert.deepEqual(facts.peek(userName, id), { full_name: 'Kept' });
  await rename(database.db, id, 'Kept');
  assert.deepEqual(facts.peek(userName, id), { full_name: 'Kept' });
});

test('an absent value is not stored', async () => {
  const unknown_id = 2_000_000_000 as UserId;
  assert.equal(await getName(unknown_id), undefined);
  assert.equal(facts.peek(userName, unknown_id), undefined);
});

test('concurrent callers share one load, unless a change was applied since it began', async () => {
  const { id } = await makeUser(database.db, { full_name: 'Shared' });
  let loads_count = 0;
  const gate = Promise.withResolvers<void>();
  const load = async () => {
    loads_count += 1;
    const loaded = await loadName(id)();
    await gate.promise;
    return loaded;
  };
  const early = [facts.get(userName, id, load), facts.get(userName, id, load)];
  assert.equal(loads_count, 1);
  await rename(database.db, id, 'Changed');
  const late = facts.get(userName, id, load);
  assert.equal(loads_count, 2);
  gate.resolve();
  assert.deepEqual(await Promise.all(early), [{ full_name: 'Shared' }, { full_name: 'Shared' }]);
  assert.deepEqual(await late, { full_name: 'Changed' });
  assert.deepEqual(facts.peek(userName, id), { full_name: 'Changed' });
});

test('truncating a table removes everything', async () => {
  const { id } = await makeUser(database.db, { full_name: 'All' });
  await getName(id);
  await database.executeSql('truncate totp_factors');
  assert.equal(facts.peek(userName, id), undefined);
});

test('changes older than an hour are deleted, later ones are kept', async () => {
  const { id } = await makeUser(database.db);
  await rename(database.db, id, 'Old');
  await database.executeSql(`update changes set created_at = created_at - interval '61 minutes'`);
  await rename(database.db, id, 'New');
  const old_count = (await countChanges()) - 1;
  assert.equal(await inTransaction(database.db, (tx) => deleteOldChanges(tx, 1_000_000)), old_count);
  assert.equal(await countChanges(), 1);
});

async function countChanges(): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*) from changes`.execute(database.db);
  return rows[0]?.count ?? 0;
}

const skip = process.env['TEST_DATABASE_URL']
  ? false
  : 'a second process needs a PostgreSQL: TEST_DATABASE_URL is not set';

test('a change of another process removes a value within a second, without a notification', { skip }, async () => {
  const { id } = await makeUser(database.db, { full_name: 'Here' });
  await getName(id);
  const began_ms = performance.now();
  await writeElsewhere('update users set full_name = $1 where id = $2', ['Elsewhere', id]);
  while ((await getName(id)) !== 'Elsewhere') await sleep(5);
  assert.ok(performance.now() - began_ms < 1000);
});

test('a change of a transaction that began before other commits is not missed', { skip }, async () => {
  const users = [await makeUser(database.db), await makeUser(database.db)] as const;
  const slow = new pg.Client({ connectionString: database.url ?? '' });
  await slow.connect();
  await slow.query('begin');
  await slow.query('update users set full_name = $1 where id = $2', ['Slow', users[0].id]);
  for (let round = 0; round < 5; round += 1) {
    await rename(database.db, users[1].id, `Round ${round}`);
    await sleep(100);
  }
  assert.notEqual(await getName(users[0].id), 'Slow');
  assert.ok(facts.peek(userName, users[0].id));
  await slow.query('commit');
  await slow.end();
  const began_ms = performance.now();
  while (facts.peek(userName, users[0].id)?.full_name !== 'Slow') {
    await getName(users[0].id);
    assert.ok(performance.now() - began_ms < 1000);
    await sleep(5);
  }
});
