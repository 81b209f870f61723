import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { inTransaction, isDatabaseDown, isExclusionViolation, isUniqueViolation, openDatabase } from './database.ts';

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

const at = new Date('2026-03-10T15:00:00.000Z');

async function insertAgreement(slug: string): Promise<void> {
  await inTransaction(database.db, async (tx) => {
    await tx.insertInto('agreements').values({ slug, title: slug, updated_at: at }).execute();
  });
}

test('both databases return values of the declared types', async () => {
  const { rows } = await sql<Record<string, unknown>>`
    select 9007199254740991::bigint as big, 12.5::numeric as rate, sum(n)::numeric as total, '2026-03-10'::date as day,
      ${at}::timestamptz as instant, array[1, null]::bigint[] as bigs, ${'{"a":[1]}'}::jsonb as doc, null::text as nothing
    from generate_series(1, 3) as n
  `.execute(database.db);
  assert.deepEqual(rows, [
    {
      big: Number.MAX_SAFE_INTEGER,
      rate: 12.5,
      total: 6,
      day: '2026-03-10',
      instant: at,
      bigs: [1, null],
      doc: { a: [1] },
      nothing: null,
    },
  ]);
});

test('an integer above the safe range is an error', async () => {
  await assert.rejects(sql`select 9007199254740993::bigint as big`.execute(database.db), RangeError);
  await assert.rejects(sql`select 9007199254740993::numeric as big`.execute(database.db), RangeError);
});

test('the time zone of the session is UTC', async () => {
  const { rows } = await sql<{ zone: string }>`select current_setting('TimeZone') as zone`.execute(database.db);
  assert.deepEqual(rows, [{ zone: 'UTC' }]);
});

test('a failed transaction writes nothing and does not affect the next one', async () => {
  await assert.rejects(
    inTransaction(database.db, async (tx) => {
      await tx.insertInto('agreements').values({ slug: 'undone', title: 'undone', updated_at: at }).execute();
      throw new Error('no');
    }),
    /no/,
  );
  await assert.rejects(
    inTransaction(database.db, async (tx) => {
      await sql`select 1 / 0`.execute(tx);
    }),
  );
  assert.equal(
    await database.db.selectFrom('agreements').where('slug', '=', 'undone').select('id').executeTakeFirst(),
    undefined,
  );
});

test('a transaction with a failed statement cannot commit, even when the error is caught', async () => {
  await assert.rejects(
    inTransaction(database.db, async (tx) => {
      await tx.insertInto('agreements').values({ slug: 'swallowed', title: 'swallowed', updated_at: at }).execute();
      await sql`select 1 / 0`.execute(tx).catch(() => {});
    }),
  );
  assert.equal(
    await database.db.selectFrom('agreements').where('slug', '=', 'swallowed').select('id').executeTakeFirst(),
    undefined,
  );
});

test('using the database inside an open transaction is refused immediately', async () => {
  await assert.rejects(
    inTransaction(database.db, async () => {
      await database.db.selectFrom('agreements').selectAll().execute();
    }),
    /pass `tx` instead/,
  );
  await assert.rejects(
    inTransaction(database.db, () => inTransaction(database.db, () => Promise.resolve())),
    /pass `tx` instead/,
  );
  await assert.rejects(
    inTransaction(database.db, () => database.executeSql('select 1')),
    /pass `tx` instead/,
  );
});

test('work started inside a transaction may use the database once the transaction is over', async () => {
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  let later: Promise<unknown> = Promise.resolve();
  await inTransaction(database.db, () => {
    later = over.then(() => database.db.selectFrom('agreements').selectAll().execute());
    return Promise.resolve();
  });
  end();
  await later;
});

test('concurrent transactions on one row are serialized, and each is complete', async () => {
  const order: string[] = [];
  await Promise.all(
    ['a', 'b', 'c', 'd'].map((name) =>
      inTransaction(database.db, async (tx) => {
        await sql`select pg_advisory_xact_lock(42)`.execute(tx);
        order.push(`${name} in`);
        await sql`select pg_sleep(0.01)`.execute(tx);
        order.push(`${name} out`);
      }),
    ),
  );
  for (let i = 0; i < order.length; i += 2) assert.equal(order[i]?.replace('in', 'out'), order[i + 1]);
});

test('a serialization failure is retried, any other failure is not', async () => {
  let tries = 0;
  const result = await inTransaction(database.db, async (tx) => {
    tries += 1;
    if (tries < 3)
      await sql`do $$ begin raise exception 'again' using errcode = 'serialization_failure'; end $$`.execute(tx);
    return tries;
  });
  assert.equal(result, 3);

  tries = 0;
  await assert.rejects(
    inTransaction(database.db, async (tx) => {
      tries += 1;
      await sql`do $$ begin raise exception 'for good' using errcode = 'deadlock_detected'; end $$`.execute(tx);
    }),
    /for good/,
  );
  assert.equal(tries, 6);
});

test('violations are distinguished by kind and constraint', async () => {
  await insertAgreement('twice');
  const error = await insertAgreement('twice').then(
    () => null,
    (reason: unknown) => reason,
  );
  assert.ok(isUniqueViolation(error));
  assert.ok(isUniqueViolation(error, 'agreements_slug_key'));
  assert.ok(!isUniqueViolation(error, 'agreements_title_key'));
  assert.ok(!isExclusionViolation(error));
  assert.ok(!isDatabaseDown(error));
});

test('several statements without parameters run as one text', async () => {
  const { rows } = await database.executeSql('select 1 as a; select 2 as a');
  assert.deepEqual(rows, [{ a: 1 }, { a: 2 }]);
  await assert.rejects(database.executeSql('begin; select 1 / 0; commit'));
  assert.deepEqual((await database.executeSql('select $1::int as a', [3])).rows, [{ a: 3 }]);
});

test('an unavailable database is recognized, and used again after it returns', async (t) => {
  const nowhere = await openDatabase({ url: 'postgres://postgres@127.0.0.1:9/none', connect_timeout_ms: 500 });
  const refused = await nowhere.executeSql('select 1').then(
    () => null,
    (reason: unknown) => reason,
  );
  assert.ok(isDatabaseDown(refused));
  await nowhere.close();

  if (database.url === null) return t.skip('an embedded database cannot be away');
  const lost: Error[] = [];
  const other = await openDatabase({ url: database.url, on_connection_lost: (error) => lost.push(error) });
  const { rows } = await other.executeSql('select pg_backend_pid() as pid');
  await database.executeSql('select pg_terminate_backend($1)', [rows[0]?.['pid']]);
  while (lost.length === 0) await sleep(10);
  assert.ok(lost.every(isDatabaseDown));
  assert.deepEqual((await other.executeSql('select 1 as a')).rows, [{ a: 1 }]);

  const broken = await other.executeSql('select pg_terminate_backend(pg_backend_pid())').then(
    () => null,
    (reason: unknown) => reason,
  );
  assert.ok(isDatabaseDown(broken));
  assert.deepEqual((await other.executeSql('select 1 as a')).rows, [{ a: 1 }]);

  // The connection breaks between two statements of a transaction: the transaction fails, the next one succeeds.
  const { promise: held_pid, resolve: hold } = Promise.withResolvers<number | undefined>();
  const cut = held_pid.then((pid) => database.executeSql('select pg_terminate_backend($1)', [pid]));
  await assert.rejects(
    inTransaction(other.db, async (tx) => {
      hold((await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx)).rows[0]?.pid);
      await cut;
      await sleep(50);
      await sql`select 1`.execute(tx);
    }),
    isDatabaseDown,
  );
  assert.equal(await inTransaction(other.db, () => Promise.resolve('fine')), 'fine');
  await other.close();
});
