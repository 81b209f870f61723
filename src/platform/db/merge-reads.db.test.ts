import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { countStatements } from '../../../bench/statement-count.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import type { Reader } from './database.ts';
import { executeMerged, isInstantColumn, mergeReads } from './merge-reads.ts';

let database: TestDatabase;

before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

const values = async <T>(reader: Reader, text: string, value: unknown) =>
  (await sql<T>`select ${value}::${sql.raw(text)} as value`.execute(reader)).rows;

test('independent reads are sent in one statement, and each gets its own rows', async () => {
  let found: unknown;
  const { statements } = await countStatements(async () => {
    found = await mergeReads(database.db, [
      (reader) => values(reader, 'text', "it's $1"),
      (reader) => values(reader, 'bigint', 42),
      async (reader) => (await reader.selectFrom('users').select('id').execute()).length,
      async () => 'no query',
    ]);
  });
  assert.deepEqual(found, [[{ value: "it's $1" }], [{ value: 42 }], 0, 'no query']);
  assert.equal(statements.length, 1);
});

test('a second query of a read goes into a second statement, with those of the other reads', async () => {
  const twice = async (reader: Reader) => {
    const [first] = await values<{ value: number }>(reader, 'int', 1);
    return values(reader, 'int', (first as unknown as { value: number }).value + 1);
  };
  const { statements } = await countStatements(async () => {
    const nested = mergeReads(database.db, [
      twice,
      (reader) => mergeReads(reader, [twice, (inner) => values(inner, 'int', 5)]),
    ]);
    assert.deepEqual(await nested, [[{ value: 2 }], [[{ value: 2 }], [{ value: 5 }]]]);
  });
  assert.equal(statements.length, 2);
});

test('the rows of merged queries have the types and the order of those of single queries', async () => {
  const query = sql<Record<string, unknown>>`
    select n as id, timestamptz '2026-03-10T14:00:00.123Z' + n * interval '1 day' as created_at, n::bigint as big, 1.5::numeric as part,
      date '2026-01-01' as exp_date, null::timestamptz as ends_at, array['a', 'b'] as names, n % 2 = 0 as is_even,
      jsonb_build_object('created_at', 'text') as extra
    from generate_series(1, 30) n order by n desc`.compile(database.db);
  const [alone] = await executeMerged(database.db, [query]);
  const [first, second] = await executeMerged(database.db, [query, query]);
  assert.equal(alone.length, 30);
  assert.deepEqual([first, second], [alone, alone]);
});

test('the failure of one query rejects all reads of its statement', async () => {
  const failing = mergeReads(database.db, [
    (reader) => values(reader, 'int', 1),
    (reader) => values(reader, 'int', 'no number'),
  ]);
  await assert.rejects(failing, /invalid input syntax/);
});

test('a read opens no transaction', async () => {
  const opening = mergeReads(database.db, [(reader) => reader.transaction().execute(async () => 1)]);
  await assert.rejects(opening, /opens no transaction/);
});

test('the names of columns decide which are instants, for every column of the schema', async () => {
  const { rows } = await sql<{ table_name: string; column_name: string; data_type: string }>`
    select table_name, column_name, data_type from information_schema.columns where table_schema = 'public'`.execute(
    database.db,
  );
  assert.ok(rows.length > 300);
  const wrong = rows.filter(
    ({ column_name, data_type }) => isInstantColumn(column_name) !== (data_type === 'timestamp with time zone'),
  );
  assert.deepEqual(wrong, []);
});
