import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { parseListQuery, type RawListQuery } from '#kernel/page';
import { Problem } from '#kernel/problem';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { inTransaction } from './database.ts';
import { defineList, listPage, pageOfAll } from './list.ts';

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
  await inTransaction(database.db, async (tx) => {
    await tx
      .insertInto('profiles')
      .values(
        [
          { slug: 'alpha', full_name: '100% Pure', email: 'a@example.com', day: 1 },
          { slug: 'beta', full_name: 'Under_score', email: 'b@example.com', day: 2 },
          { slug: 'gamma', full_name: String.raw`Back\slash`, email: 'c@example.org', day: 3 },
          { slug: 'delta', full_name: 'Plain', email: 'd@example.org', day: 3 },
          { slug: 'epsilon', full_name: 'Plain', email: 'e@example.org', day: 4 },
        ].map(({ day, ...row }) => ({ ...row, created_at: new Date(Date.UTC(2026, 0, day)) })),
      )
      .execute();
  });
});
after(() => database.close());

const spec = defineList({
  search: { slug: 'profiles.slug', full_name: 'profiles.full_name', email: 'profiles.email' },
  sort: { full_name: 'profiles.full_name', created_at: 'profiles.created_at', size: sql`char_length(profiles.slug)` },
  default_order: [{ column: 'profiles.created_at', descending: true }],
  tie_breaker: 'profiles.id',
  date: 'profiles.created_at',
});

const misspelled = defineList({
  search: {},
  sort: { title: 'profiles.titel' },
  default_order: [],
  tie_breaker: 'profiles.id',
});

async function listSlugs(raw: RawListQuery, search = '') {
  const page = await listPage(
    database.db,
    database.db.selectFrom('profiles').select(['profiles.slug', 'profiles.full_name']),
    spec,
    parseListQuery(raw, (text) => new Date(text)),
    new URL(`https://cowork.test/api/profile${search}`),
  );
  return { ...page, results: page.results.map(({ slug }) => slug) };
}

test('equal rows are ordered by the tie breaker in the direction of the default order', async () => {
  assert.deepEqual((await listSlugs({})).results, ['epsilon', 'delta', 'gamma', 'beta', 'alpha']);
});

test('a requested order precedes the default order and unknown names are ignored', async () => {
  assert.deepEqual((await listSlugs({ o: ['nothing', 'full_name'] })).results, [
    'alpha',
    'gamma',
    'epsilon',
    'delta',
    'beta',
  ]);
  assert.deepEqual((await listSlugs({ o: 'created_at' })).results, ['alpha', 'beta', 'gamma', 'delta', 'epsilon']);
  assert.deepEqual((await listSlugs({ o: 'size' })).results, ['beta', 'delta', 'gamma', 'alpha', 'epsilon']);
  assert.deepEqual((await listSlugs({ o: 'constructor' })).results, (await listSlugs({})).results);
});

test('a descending order reverses the rows of the ascending one, equal rows included', async () => {
  for (const field of ['full_name', 'created_at', 'size']) {
    const ascending = (await listSlugs({ o: field })).results;
    assert.deepEqual((await listSlugs({ o: `-${field}` })).results, ascending.toReversed(), field);
  }
});

test('a page beyond the first 1,000 rows is read from the nearer end and equals the same rows read from the start', async () => {
  const rows = await database.db.selectFrom('profiles').select('id').execute();
  const numbers = Array.from({ length: 1500 - rows.length }, (_, index) => index);
  await database.db
    .insertInto('profiles')
    .values(
      numbers.map((index) => ({
        slug: `many-${index}`,
        full_name: `Name ${(index * 7919) % 100}`,
        created_at: new Date(Date.UTC(2027, 0, 1, 0, (index * 31) % 400)),
      })),
    )
    .execute();
  const filter = { q: 'Name', page_size: '100' };
  const whole: string[] = [];
  for (let page = 1; page <= 10; page += 1)
    whole.push(...(await listSlugs({ ...filter, o: 'full_name', page: String(page) })).results);
  const deep: string[] = [];
  for (const page of ['11', '12', '13', '14', '15']) {
    const { count, results } = await listSlugs({ ...filter, o: 'full_name', page });
    assert.equal(count, numbers.length);
    deep.push(...results);
  }
  const backwards: string[] = [];
  for (let page = 1; page <= 15; page += 1)
    backwards.push(...(await listSlugs({ ...filter, o: '-full_name', page: String(page) })).results);
  assert.deepEqual([...whole, ...deep], backwards.toReversed());
  assert.equal(new Set(backwards).size, numbers.length);
  await assert.rejects(listSlugs({ ...filter, page: '16' }), { code: 'page_out_of_range' });
  await database.db.deleteFrom('profiles').where('slug', 'like', 'many-%').execute();
});

test('a row matches when one term occurs in one field, case-insensitively', async () => {
  assert.deepEqual((await listSlugs({ q: 'PLAIN,alph' })).results, ['epsilon', 'delta', 'alpha']);
  assert.deepEqual(await listSlugs({ q: 'nowhere' }), { count: 0, next: null, previous: null, results: [] });
});

test('percent, underscore and backslash match literally', async () => {
  assert.deepEqual((await listSlugs({ q: '%' })).results, ['alpha']);
  assert.deepEqual((await listSlugs({ q: '_' })).results, ['beta']);
  assert.deepEqual((await listSlugs({ q: '\\' })).results, ['gamma']);
  assert.deepEqual((await listSlugs({ q: "'; drop table profiles --" })).results, []);
});

test('q_f restricts the search, and all fields are searched when it names no known field', async () => {
  assert.deepEqual((await listSlugs({ q: 'a@', q_f: 'email' })).results, ['alpha']);
  assert.deepEqual((await listSlugs({ q: 'plain', q_f: ['email', 'slug'] })).results, []);
  assert.deepEqual((await listSlugs({ q: 'a@', q_f: 'password_hash' })).results, ['alpha']);
});

test('start_at is inclusive, ends_at exclusive', async () => {
  assert.deepEqual((await listSlugs({ start_at: '2026-01-02', ends_at: '2026-01-04' })).results, [
    'delta',
    'gamma',
    'beta',
  ]);
});

test('next and previous link to the adjacent pages and keep the other parameters', async () => {
  const page = await listSlugs({ page: '2', page_size: '2', q: 'example' }, '?q=example&page_size=2&page=2');
  assert.deepEqual(page, {
    count: 5,
    next: 'https://cowork.test/api/profile?q=example&page_size=2&page=3',
    previous: 'https://cowork.test/api/profile?q=example&page_size=2&page=1',
    results: ['gamma', 'beta'],
  });
  assert.equal((await listSlugs({ page: '3', page_size: '2' })).next, null);
  assert.equal((await listSlugs({})).previous, null);
});

test('a page beyond the last is refused with 404, and an empty list has one page', async () => {
  const invalid = (error: unknown) =>
    error instanceof Problem && error.code === 'page_out_of_range' && error.status === 404;
  await assert.rejects(listSlugs({ page: '2' }), invalid);
  await assert.rejects(listSlugs({ page: '0' }), invalid);
  await assert.rejects(listSlugs({ page: 'last' }), invalid);
  assert.equal((await listSlugs({ page: '1', q: 'nowhere' })).count, 0);
});

test('a query with groups counts its groups', async () => {
  const page = await listPage(
    database.db,
    database.db
      .selectFrom('profiles')
      .groupBy('profiles.full_name')
      .select(['profiles.full_name', sql<number>`count(*)`.as('profiles_count')]),
    defineList({ search: {}, sort: {}, default_order: [], tie_breaker: 'profiles.full_name' }),
    parseListQuery({ page_size: '3' }, () => null),
    new URL('https://cowork.test/'),
  );
  assert.equal(page.count, 4);
  assert.equal(page.results.length, 3);
});

test('rows in memory are divided into the same pages', () => {
  const list = parseListQuery({ page: '2', page_size: '2' }, () => null);
  assert.deepEqual(pageOfAll([1, 2, 3], list, new URL('https://cowork.test/?page=2')).results, [3]);
  assert.throws(() => pageOfAll([1, 2], list, new URL('https://cowork.test/')), Problem);
});

test('a column that the query does not have does not compile', async () => {
  const list = parseListQuery({ o: 'title' }, () => null);
  const { db } = database;
  const profiles = db.selectFrom('profiles').selectAll();
  // @ts-expect-error profiles has no column `titel`
  await assert.rejects(listPage(db, profiles, misspelled, list, new URL('x:y')));
});
