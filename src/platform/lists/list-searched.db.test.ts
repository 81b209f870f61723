import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Expression, type SelectQueryBuilder, sql } from 'kysely';
import { parseListQuery, type RawListQuery } from '#kernel/page';
import type { Schema } from '#platform/db/db-schema';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { defineList, limitToEnd, limitToPage, listPage, searchPageAndSums } from '../db/list.ts';
import { readOverRows } from './list-searched.ts';

/** More rows than the candidates of a search that is not broad. */
const ROWS = 5600;

let database: TestDatabase;

before(async () => {
  database = await openTestDatabase();
  await sql`insert into profiles (slug, full_name, email, created_at)
    select 'row-' || n, case when n % 2 = 0 then 'Even' else 'Odd ' || n % 7 end, 'mail' || n % 10 || '@x.example', timestamptz '2026-01-01' + n % 97 * interval '1 h'
    from generate_series(1, ${ROWS}) n`.execute(database.db);
});
after(() => database.close());

const plain = defineList({
  search: { slug: 'profiles.slug', full_name: 'profiles.full_name', email: 'profiles.email' },
  sort: { full_name: 'profiles.full_name', created_at: 'profiles.created_at' },
  default_order: [{ column: 'profiles.created_at', descending: false }],
  tie_breaker: 'profiles.id',
  date: 'profiles.created_at',
});
const indexed = defineList({
  ...plain,
  candidates: (matches) =>
    sql`select id from profiles where ${matches(sql`profiles.slug || ' ' || profiles.full_name || ' ' || profiles.email`)}`,
});

type Rows = SelectQueryBuilder<Schema, 'profiles', { id: number; slug: string; created_at: Date }>;

const select = (): Rows => database.db.selectFrom('profiles').select(['id', 'slug', 'created_at']).$castTo();
const sumBy = (rows: Rows) => sql<{ hour: number; sum: number; rows_count: number }>`
  select extract(hour from created_at)::int as hour, sum(id)::int as sum, count(*)::int as rows_count
  from ${rows} as rows group by 1 order by 1`;
const url = new URL('https://cowork.test/');
const listOf = (raw: RawListQuery) => parseListQuery(raw, (text) => new Date(text));

/** Searches: with few candidates, with many, with many candidates and few rows, and with no row. */
const searches: Record<string, RawListQuery> = {
  few: { q: 'row-56' },
  'one row': { q: 'row-5599' },
  broad: { q: 'example' },
  'broad, two terms': { q: 'even,odd' },
  'broad, ordered': { q: 'example', o: '-full_name' },
  'broad, restricted by a field': { q: 'row', q_f: 'email' },
  'broad, restricted by a period': { q: 'example', start_at: '2026-01-02', ends_at: '2026-01-03' },
  'broad, a term over two columns': { q: 'even mail' },
  none: { q: 'no-such-text' },
  'the separator of columns': { q: 'even\u001Fmail' },
};

test('a search with candidates has the count, the rows and the sums of one that reads every row', async () => {
  for (const [name, raw] of Object.entries(searches)) {
    for (const page of ['1', '2', '50', 'last']) {
      const asked = { ...raw, page_size: '25', page };
      const { count } = await listPage(database.db, select(), plain, listOf({ ...raw, page_size: '1' }), url);
      const list = {
        ...listOf({ ...asked, page: page === 'last' ? String(Math.max(1, Math.ceil(count / 25))) : page }),
      };
      if ((list.page - 1) * 25 >= count && list.page > 1) continue;
      const expected = await listPage(database.db, select(), plain, list, url);
      const found = await listPage(database.db, select(), indexed, list, url);
      assert.deepEqual(found, expected, `${name}, page ${page}`);
      const summed = await searchPageAndSums(database.db, select(), indexed, list, url, sumBy);
      assert.deepEqual(summed?.page, expected, `${name}, page ${page}`);
      assert.deepEqual(summed?.sums, await readOverRows(database.db, select(), plain, list, sumBy), name);
      assert.deepEqual(summed?.sums, await readOverRows(database.db, select(), indexed, list, sumBy), name);
    }
  }
});

test('a broad search of a list with limited parts reads its pages from these', async () => {
  for (const page of ['1', '113', '224']) {
    const list = listOf({ q: 'example', page, page_size: '25', o: 'full_name' });
    const parts = {
      first: limitToPage(select(), indexed, list),
      last: (rows_count: Expression<number>) => limitToEnd(select(), indexed, list, rows_count),
    };
    const expected = await listPage(database.db, select(), plain, list, url);
    assert.deepEqual(await listPage(database.db, select(), indexed, list, url, parts), expected, page);
  }
});

test('terms without three letters or digits in a row are searched in every row', async () => {
  assert.equal(await searchPageAndSums(database.db, select(), indexed, listOf({ q: 'd 3' }), url, sumBy), null);
  const found = await listPage(database.db, select(), indexed, listOf({ q: 'd 3' }), url);
  assert.equal(found.count, ROWS / 14);
});

test('a page of a search beyond the last is refused, or is the last page', async () => {
  const beyond = listOf({ q: 'row-56', page: '9' });
  const problem = { code: 'page_out_of_range' };
  await assert.rejects(listPage(database.db, select(), indexed, beyond, url), problem);
  await assert.rejects(searchPageAndSums(database.db, select(), indexed, beyond, url, sumBy), problem);
  const shown = await listPage(database.db, select(), indexed, { ...beyond, beyond_end: 'last' }, url);
  assert.ok(shown.results.length > 0);
});
