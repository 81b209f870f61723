import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { countStatements } from '../../../bench/statement-count.ts';
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

test('a statement of a query that is built once is prepared at its first run', async () => {
  const find = builtOnce((reader, value: number) =>
    reader.selectNoFrom(sql<number>`${value}::int`.as('prepared_early')),
  );
  await inTransaction(database.db, async (tx) => {
    await find(tx, 1);
    assert.equal(await preparedLike(tx, '%prepared_early%'), 1);
  });
});

/** Runs a transaction that prepares `begin` on the connection, so that the next one sends it with its statement. */
async function warmUp(): Promise<void> {
  await Promise.all(
    Array.from({ length: 10 }, () => inTransaction(database.db, (tx) => sql`select ${1}::int as warm`.execute(tx))),
  );
}

async function isInTransaction(reader: Reader): Promise<boolean> {
  const read = () => sql<{ id: string }>`select pg_current_xact_id()::text as id, ${1}::int as n`.execute(reader);
  const [first, second] = [await read(), await read()];
  return first.rows[0]?.id === second.rows[0]?.id;
}

test('begin is sent with the first statement, which runs inside the transaction', async () => {
  await warmUp();
  const { statements, transactions_count } = await countStatements(async () => {
    assert.equal(await inTransaction(database.db, isInTransaction), true);
    assert.equal(
      await inTransaction(database.db, async (tx) => {
        await sql`set local statement_timeout = 5000`.execute(tx);
        return isInTransaction(tx);
      }),
      true,
      'a first statement without parameters',
    );
  });
  assert.equal(statements.length, 5);
  assert.equal(transactions_count, 2);
  assert.equal(await isInTransaction(database.db), false);
});

test('a first statement that fails leaves no transaction open and writes nothing', async () => {
  await warmUp();
  const insert = (tx: Reader, slug: string, text: string) =>
    sql`insert into agreements (slug, title, updated_at) values (${slug}, ${slug}, ${text}::timestamptz)`.execute(tx);
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  for (const [slug, value] of [
    ['first', 'no instant'],
    ['bound', circular],
  ] as const)
    await assert.rejects(inTransaction(database.db, (tx) => insert(tx, slug, value as string)));
  await assert.rejects(
    inTransaction(database.db, async (tx) => {
      await insert(tx, 'second', '2026-03-10');
      await insert(tx, 'third', 'no instant');
    }),
  );
  await inTransaction(database.db, (tx) => insert(tx, 'kept', '2026-03-10'));
  const rows = await database.db
    .selectFrom('agreements')
    .select('slug')
    .where('slug', 'in', ['first', 'bound', 'second', 'kept'])
    .execute();
  assert.deepEqual(rows, [{ slug: 'kept' }]);
  assert.equal(await isInTransaction(database.db), false);
});

test('a transaction without statements is not sent', async () => {
  await warmUp();
  const { statements, transactions_count } = await countStatements(async () => {
    assert.equal(await inTransaction(database.db, () => Promise.resolve('empty')), 'empty');
    await assert.rejects(
      inTransaction(database.db, () => Promise.reject(new Error('no'))),
      /no/,
    );
  });
  assert.deepEqual([statements, transactions_count], [[], 0]);
  assert.equal(await inTransaction(database.db, isInTransaction), true);
});

test('a plan that is outdated at the first statement restarts the transaction', async () => {
  const { db } = database;
  await sql`create table moving (id int)`.execute(db);
  await sql`insert into moving values (1)`.execute(db);
  const read = builtOnce((_reader: Reader, id: number) => {
    const query = sql<Record<string, unknown>>`select * from moving where id = ${id}`;
    return { compile: () => query.compile(db) };
  });
  await warmUp();
  await Promise.all(Array.from({ length: 10 }, () => inTransaction(db, (tx) => read(tx, 1))));
  await sql`alter table moving add column one text default 'x'`.execute(db);
  const found = await inTransaction(db, async (tx) => [await read(tx, 1), await isInTransaction(tx)]);
  assert.deepEqual(found, [[{ id: 1, one: 'x' }], true]);
});
