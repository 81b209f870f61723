import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { inTransaction, type Tx } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { testContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { makeUser } from '../../../test/support/factories/accounts.ts';
import { makeOrganization } from '../../../test/support/factories/profiles.ts';
import { findScannedTables } from '../../../test/support/scanned-tables.ts';
import { type CaseFilter, listPayerCases, listProviderCases } from './case-list-store.ts';

const CLOSED_COUNT = 4_000;

let database: TestDatabase;
let payer: ProfileId;
let provider: ProfileId;
before(async () => {
  database = await openTestDatabase();
  await testContext(database.db);
  const manager = await makeUser(database.db);
  payer = (await makeOrganization(database.db, { manager })).id;
  provider = (await makeOrganization(database.db, { manager, is_provider: true })).id;
  await sql`insert into profiles (slug, full_name, email, created_at)
    select 'other-' || n, 'Other', '', now() from generate_series(1, ${CLOSED_COUNT}) n`.execute(database.db);
  await sql`insert into dunning_cases (profile_id, provider_id, unit, state, terms, began_at, closed_at)
    select ${payer}::bigint, ${provider}::bigint, 'usd', 'recovered', '{}'::jsonb, now() - interval '1 hour' * n, now()
      from generate_series(1, ${CLOSED_COUNT}) n
    union all select ${payer}::bigint, ${provider}::bigint, 'usd', 'waiting', '{}'::jsonb, now() - interval '1 year', null
    union all select ${payer}::bigint, ${provider}::bigint, 'eur', 'retrying', '{}'::jsonb, now() - interval '2 years', null`.execute(
    database.db,
  );
  await sql`analyze profiles, dunning_cases`.execute(database.db);
});
after(() => database.close());

const url = new URL('https://example.com/');
const list = { page: 1, page_size: 25, terms: [], fields: [], order: [], start_at: null, ends_at: null };

for (const state of ['open', 'retrying', 'waiting', 'suspended'] satisfies CaseFilter[])
  test(`cases that are ${state} are listed without a read of closed cases and of names`, async () => {
    const expected = { open: ['usd', 'eur'], retrying: ['eur'], waiting: ['usd'], suspended: [] }[state];
    await inTransaction(database.db, async (tx) => {
      // Statistics of earlier transactions of the connection may not be stored yet.
      const before = { cases: await readsOf(tx, 'dunning_cases'), profiles: await readsOf(tx, 'profiles') };
      const of_provider = await listProviderCases(tx, provider, { list, url, state });
      const of_payer = await listPayerCases(tx, payer, null, { list, url, state });
      for (const { count, results } of [of_provider, of_payer]) {
        assert.equal(count, expected.length);
        assert.deepEqual(
          results.map(({ unit }) => unit),
          expected,
        );
      }
      assert.deepEqual(await findScannedTables(tx), []);
      assert.ok(
        (await readsOf(tx, 'dunning_cases')) - before.cases < 20,
        'closed cases are not read by an index either',
      );
      assert.equal(await readsOf(tx, 'profiles'), before.profiles);
    });
  });

test('the names are searched when a term is given', async () => {
  const searched = { ...list, terms: ['other-1'] };
  const { count } = await listPayerCases(database.db, payer, null, { list: searched, url, state: 'open' });
  assert.equal(count, 0);
});

/** Returns the number of rows of a table that the transaction read by its indexes. */
async function readsOf(tx: Tx, table: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`select idx_tup_fetch::int as count from pg_stat_xact_user_tables
    where relname = ${table}`.execute(tx);
  return rows[0]?.count ?? 0;
}
