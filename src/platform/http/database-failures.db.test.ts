import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type RawBuilder, sql } from 'kysely';
import { inTransaction } from '../db/database.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { problemBody, toProblem } from './replies/problem-reply.ts';

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

async function problemOf(...statements: RawBuilder<unknown>[]) {
  const error: unknown = await inTransaction(database.db, async (tx) => {
    for (const statement of statements) await statement.execute(tx);
  }).then(
    () => assert.fail('the statement succeeded'),
    (reason: unknown) => reason,
  );
  return toProblem(error);
}

const raised = (sqlstate: string) =>
  sql`do ${sql.lit(`begin raise exception 'secret' using errcode = '${sqlstate}'; end`)}`;

test('a reference to a row that another request deleted is 404 row_missing', async () => {
  const missing = await problemOf(
    sql`insert into signatures (agreement_id, user_id, last_signed, agreement_updated_at)
      values (999999, 999999, now(), now())`,
  );
  assert.deepEqual([missing.status, missing.code], [404, 'row_missing']);
  const gone: unknown = await database.db
    .selectFrom('users')
    .selectAll()
    .where('username', '=', 'unknown-name')
    .executeTakeFirstOrThrow()
    .catch((error: unknown) => error);
  assert.equal(toProblem(gone).code, 'row_missing');
});

test('a row that another row refers to is 409 row_in_use', async () => {
  const id = await makeParty(database.db);
  await sql`insert into orders (profile_id, state, cart_version, amount, unit, created_at)
    values (${id}, 'settled', '', 0, 'usd', now())`.execute(database.db);
  const used = await problemOf(sql`delete from profiles where id = ${id}`);
  assert.deepEqual([used.status, used.code], [409, 'row_in_use']);
});

test('a second row with a unique value is 409 row_exists', async () => {
  const insert = sql`insert into agreements (slug, title, updated_at) values ('twice', 'Twice', now())`;
  const exists = await problemOf(insert, insert);
  assert.deepEqual([exists.status, exists.code], [409, 'row_exists']);
  assert.doesNotMatch(JSON.stringify(problemBody(exists)), /twice/i, 'the response does not quote the row');
});

test('a value that a column cannot store is 400 value_refused', async () => {
  const refused = [
    sql`insert into agreements (slug, title, updated_at) values ('far', 'Far', '294277-01-01T00:00:00Z')`,
    sql`insert into orders (profile_id, state, cart_version, amount, unit, created_at)
      values (1, 'settled', '', '9223372036854775808', 'usd', now())`,
    sql`insert into agreements (slug, title, updated_at) values (${'a\u0000b'}, 'Nul', now())`,
    sql`insert into orders (profile_id, state, cart_version, amount, unit, created_at)
      values (1, 'settled', '', -1, 'usd', now())`,
    sql`select ${'not a number'}::bigint`,
    sql`select now() at time zone ${'Atlantis/Poseidonis'}`,
    sql`insert into agreements (slug, title, updated_at) values ('long', ${'x'.repeat(100_000)}, now())`,
  ];
  for (const statement of refused) {
    const problem = await problemOf(statement);
    assert.deepEqual([problem.status, problem.code], [400, 'value_refused'], statement.compile(database.db).sql);
  }
});

test('a lock, a deadlock or a timeout that lasts is 503 database_busy with Retry-After', async () => {
  for (const sqlstate of ['40001', '40P01', '55P03', '57014']) {
    const busy = await problemOf(raised(sqlstate));
    assert.deepEqual([busy.status, busy.code], [503, 'database_busy'], sqlstate);
    assert((busy.extra.retry_after_s ?? 0) > 0);
  }
});

test('a statement that exceeds the timeout of the server is 503 database_busy', async (t) => {
  if (database.url === null) return t.skip('the embedded database runs a statement to its end');
  const busy = await problemOf(sql`set local statement_timeout = 20`, sql`select pg_sleep(5)`);
  assert.deepEqual([busy.status, busy.code], [503, 'database_busy']);
});

test('a connection that breaks or a server without resources is 503 database_unavailable with Retry-After', async () => {
  for (const sqlstate of ['08006', '53100', '53300', '57P01', '58030', '25006']) {
    const away = await problemOf(raised(sqlstate));
    assert.deepEqual([away.status, away.code], [503, 'database_unavailable'], sqlstate);
    assert((away.extra.retry_after_s ?? 0) > 0);
  }
});

test('an error in a statement and a violation that a trigger raises stay bugs', async () => {
  assert.equal((await problemOf(sql`select no_such_column from users`)).code, 'internal_error');
  assert.equal((await problemOf(sql`select 1 / 0`)).code, 'internal_error');
  assert.equal((await problemOf(raised('23514'))).code, 'internal_error');
  assert.equal((await problemOf(raised('23001'))).code, 'internal_error');
});
