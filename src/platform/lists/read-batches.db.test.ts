import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { type ListQuery, parseListQuery, type RawListQuery } from '#kernel/page';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { defineList, listPage } from '../db/list.ts';
import { BATCH_ROWS, readBatches, readPages } from './read-batches.ts';

let database: TestDatabase;
/** Two batches and a part, with equal values and nulls in every column but the id. */
const ROWS = 2 * BATCH_ROWS + 500;
before(async () => {
  database = await openTestDatabase();
  await sql`insert into profiles (slug, full_name, email, created_at)
    select 'row-' || n, 'Name ' || n % 7, 'row' || n % 11 || '@example.com',
      timestamptz '2026-01-01' + n % 13 * interval '1 microsecond'
    from generate_series(1, ${sql.lit(ROWS)}) n`.execute(database.db);
});
after(() => database.close());

const spec = defineList({
  search: { slug: 'profiles.slug' },
  sort: {
    full_name: 'profiles.full_name',
    created_at: 'profiles.created_at',
    half: sql`case when profiles.id % 3 = 0 then null else profiles.id % 5 end`,
  },
  default_order: [{ column: 'profiles.created_at', descending: true }],
  tie_breaker: 'profiles.id',
  date: 'profiles.created_at',
});
const listOf = (raw: RawListQuery): ListQuery => parseListQuery(raw, (text) => new Date(text));
const profiles = () => database.db.selectFrom('profiles').select(['profiles.id', 'profiles.slug']);

async function collect<T>(batches: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

async function batchesOf(list: ListQuery) {
  return collect(readBatches(database.db, profiles(), spec, list));
}

test('batches have each row once, in the order of the list, with nulls and equal values in every direction', async () => {
  for (const o of ['', 'full_name', '-full_name', 'created_at', '-created_at', 'half', '-half', '-half,full_name']) {
    const batches = await batchesOf(listOf({ q: 'row-', o }));
    assert.deepEqual(
      batches.map(({ length }) => length),
      [BATCH_ROWS, BATCH_ROWS, ROWS - 2 * BATCH_ROWS],
      o,
    );
    const pages = await collect(
      readPages(listOf({ q: 'row-', o }), (list) =>
        listPage(database.db, profiles(), spec, list, new URL('https://cowork.test/')),
      ),
    );
    assert.deepEqual(batches.flat(), pages.flat(), o);
    assert.equal(new Set(batches.flat().map(({ slug }) => slug)).size, ROWS, o);
  }
});

test('rows that are inserted or deleted during a download shift no other row', async () => {
  const seen: string[] = [];
  let batch_count = 0;
  for await (const batch of readBatches(database.db, profiles(), spec, listOf({ q: 'row-', o: 'full_name' }))) {
    seen.push(...batch.map(({ slug }) => slug));
    batch_count += 1;
    if (batch_count > 1) continue;
    // The row after which the next batch begins, and one before it.
    await database.db
      .deleteFrom('profiles')
      .where('slug', 'in', [batch.at(-1)?.slug ?? '', batch[0]?.slug ?? ''])
      .execute();
    await sql`insert into profiles (slug, full_name, created_at) values ('row-new', 'Name', now())`.execute(
      database.db,
    );
  }
  assert.equal(new Set(seen).size, ROWS);
  assert.equal(seen.length, ROWS);
});

test('an empty list has no batch, and a list that fills its last batch ends there', async () => {
  assert.deepEqual(await batchesOf(listOf({ q: 'nowhere' })), []);
  await database.db.deleteFrom('profiles').where('slug', 'like', 'row-%').execute();
  await sql`insert into profiles (slug, full_name, created_at) select 'row-' || n, 'Name', now() from generate_series(1, ${sql.lit(BATCH_ROWS)}) n`.execute(
    database.db,
  );
  const batches = await batchesOf(listOf({ q: 'row-' }));
  assert.deepEqual(
    batches.map(({ length }) => length),
    [BATCH_ROWS],
  );
});
