import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { listProfiles } from './profile-list-store.ts';

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
  await sql`insert into profiles (slug, full_name, email, locality, created_at) values
    ('alpha-1234', 'Ada 100%', 'ada@one.example', 'Paris', now()), ('beta-1235', 'Bob_by', 'bob@two.example', 'Lyon', now()),
    ('gamma', 'Unit 1234 East', 'c@two.example', '', now())`.execute(database.db);
});
after(() => database.close());

async function find(q: string): Promise<string[]> {
  const list = { page: 1, page_size: 100, terms: [q], fields: [], order: [], start_at: null, ends_at: null };
  const url = new URL('http://cowork.test/api/profile');
  const { count, results } = await listProfiles(database.db, { include_inactive: true }, list, url);
  assert.equal(count, results.length);
  return results.map(({ slug }) => slug).toSorted();
}

test('a search finds the same rows with and without the extension pg_trgm', async () => {
  const expected: Record<string, string[]> = {
    '1234': ['alpha-1234', 'gamma'],
    'alpha-1234': ['alpha-1234'],
    'unit 1234': ['gamma'],
    '123': ['alpha-1234', 'beta-1235', 'gamma'],
    PARIS: ['alpha-1234'],
    'two.example': ['beta-1235', 'gamma'],
    '100%': ['alpha-1234'],
    b_b: ['beta-1235'],
    '1234 west': [],
  };
  for (const state of ['as migrated', 'without the extension']) {
    for (const [q, slugs] of Object.entries(expected)) assert.deepEqual(await find(q), slugs, `${q}, ${state}`);
    await sql`drop extension if exists pg_trgm cascade`.execute(database.db);
  }
});
