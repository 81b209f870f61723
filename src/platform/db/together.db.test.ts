import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { countStatements } from '../../../bench/statement-count.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { builtOnce } from './built-once.ts';
import { inTransaction } from './database.ts';
import { part, readTogether } from './together.ts';

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
  await inTransaction(database.db, async (tx) => {
    const updated_at = new Date('2026-03-10T15:00:00.123Z');
    for (const slug of ['a', 'b'])
      await tx.insertInto('agreements').values({ slug, title: slug, updated_at }).execute();
  });
});
after(() => database.close());

const read = readTogether((reader, slug: string, at: Date | null) => {
  const agreements = reader.selectFrom('agreements').select(['slug', 'updated_at']).where('slug', '>=', slug);
  return {
    ordered: part(agreements.orderBy('slug', 'desc'), { updated_at: true }),
    times: part(sql<{ at: Date | null; text: string }>`select ${at}::timestamptz as at, '2026-01-01' as text`, {
      at: true,
    }),
  };
});

test('parts are read by one statement, in their order, with instants', async () => {
  const updated_at = new Date('2026-03-10T15:00:00.123Z');
  const { statements } = await countStatements(async () => {
    assert.deepEqual(await read(database.db, 'a', updated_at), {
      ordered: [
        { slug: 'b', updated_at },
        { slug: 'a', updated_at },
      ],
      times: [{ at: updated_at, text: '2026-01-01' }],
    });
  });
  assert.equal(statements.length, 1);
});

test('a part without rows is empty, and null instants stay null', async () => {
  assert.deepEqual(await read(database.db, 'c', null), { ordered: [], times: [{ at: null, text: '2026-01-01' }] });
});

test('parts see the rows of the transaction that reads them', async () => {
  await inTransaction(database.db, async (tx) => {
    await tx.insertInto('agreements').values({ slug: 'z', title: 'z', updated_at: new Date() }).execute();
    assert.equal((await read(tx, 'z', null)).ordered.length, 1);
    await tx.deleteFrom('agreements').where('slug', '=', 'z').execute();
  });
});

test('numbers of parts are numbers, and a part may be read by the pool', async () => {
  const readNumbers = readTogether(
    (_reader, amount: number) => ({
      rows: part(
        sql<{ amount: number; big: number; rate: number }>`
        select ${amount}::bigint as amount, 9007199254740991::bigint as big, 12.5::numeric as rate`,
        {},
      ),
    }),
    builtOnce,
  );
  assert.deepEqual((await readNumbers(database.db, 7)).rows, [{ amount: 7, big: Number.MAX_SAFE_INTEGER, rate: 12.5 }]);
});
