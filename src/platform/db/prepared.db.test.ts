import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { builtOnce } from './built-once.ts';
import type { UserId } from './db-schema.ts';
import { inTransaction, type Reader } from './database.ts';

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

async function repeat(times: number, work: () => Promise<unknown>): Promise<void> {
  for (let time = 0; time < times; time += 1) await work();
}

async function preparedLike(reader: Reader, pattern: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) from pg_prepared_statements where statement like ${pattern} and name <> ''`.execute(reader);
  return rows[0]?.count ?? 0;
}

test('a repeated statement is prepared, a single one is not', async () => {
  await inTransaction(database.db, async (tx) => {
    await repeat(20, () => sql`select ${1}::int as often`.execute(tx));
    await sql`select ${1}::int as rarely`.execute(tx);
    assert.equal(await preparedLike(tx, 'select $1::int as often'), 1);
    assert.equal(await preparedLike(tx, 'select $1::int as rarely'), 0);
  });
});

test('a prepared statement is planned again after a change of its table, outside and inside a transaction', async () => {
  const { db } = database;
  await sql`create table changing (id int)`.execute(db);
  await sql`insert into changing values (1)`.execute(db);
  const read = (reader: Reader) => sql<Record<string, unknown>>`select * from changing where id = ${1}`.execute(reader);
  await repeat(20, () => read(db));
  await sql`alter table changing add column one text default 'x'`.execute(db);
  assert.deepEqual((await read(db)).rows, [{ id: 1, one: 'x' }]);

  await repeat(20, () => read(db));
  await sql`alter table changing add column two text default 'y'`.execute(db);
  const found = await inTransaction(db, async (tx) => read(tx));
  assert.deepEqual(found.rows, [{ id: 1, one: 'x', two: 'y' }]);
});

test('a query that is built once runs with the values of each call', async () => {
  let built_count = 0;
  const find = builtOnce((reader, id: UserId, name: string) => {
    built_count += 1;
    return reader
      .selectNoFrom((eb) => [eb.val(id).$castTo<number>().as('id'), eb.val(name).as('name'), eb.val(id).as('again')])
      .where((eb) => eb.val(true));
  });
  const results = await Promise.all([find(database.db, 1 as UserId, 'a'), find(database.db, 2 as UserId, 'b')]);
  const texts = results.map(([row]) => [String(row?.id), row?.name, String(row?.again)]);
  assert.deepEqual(texts, [
    ['1', 'a', '1'],
    ['2', 'b', '2'],
  ]);
  const inside = await inTransaction(database.db, async (tx) => find(tx, 3 as UserId, 'c'));
  assert.equal(inside[0]?.name, 'c');
  assert.equal(built_count, 1);
});
