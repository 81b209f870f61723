import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type CompiledQuery, sql } from 'kysely';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { changesSince } from '../facts/changes-store.ts';
import { oneOf } from './built-once.ts';
import { inTransaction, type Reader } from './database.ts';

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
  await sql`insert into changes (kind, subject) select 'all', n::text from generate_series(1, 2000) n`.execute(
    database.db,
  );
  await sql`analyze changes`.execute(database.db);
});
after(() => database.close());

/** The server plans the first five executions for their values, then compares their cost with a plan for any value. */
const RUNS_COUNT = 12;

/** Prepares a statement, runs it with one value and returns how often it was planned for its value. */
async function countPlans(text: string, value: string): Promise<number> {
  return inTransaction(database.db, async (tx) => {
    await sql.raw(`prepare hot as ${text}`).execute(tx);
    for (let run = 0; run < RUNS_COUNT; run += 1) await sql.raw(`execute hot(${value})`).execute(tx);
    const { rows } = await sql<{ plans: number }>`
      select custom_plans::int as plans from pg_prepared_statements where name = 'hot'`.execute(tx);
    await sql.raw('deallocate hot').execute(tx);
    return rows[0]?.plans ?? Number.NaN;
  });
}

const selectUsers = (reader: Reader): CompiledQuery<unknown> =>
  reader.selectFrom('users').select('id').where('id', '=', oneOf<never>([], 'bigint')).compile();

test('the read of the changes is planned for any snapshot after five reads', async () => {
  const { rows } = await sql<{ at: string }>`select pg_current_snapshot()::text as at`.execute(database.db);
  assert.equal(await countPlans(changesSince(null).text, `'${rows[0]?.at}'`), 5);
});

test('a comparison with one of several values is planned for any number of values after five runs', async () => {
  assert.equal(await countPlans(selectUsers(database.db).sql, `'{1,2}'`), 5);
});
