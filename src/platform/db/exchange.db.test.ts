import assert from 'node:assert/strict';
import { after, before, mock, test } from 'node:test';
import { sql } from 'kysely';
import pg from 'pg';
import { countStatements } from '../../../bench/statement-count.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { pointRead } from './built-once.ts';
import { inTransaction, isUniqueViolation, type Tx } from './database.ts';
import { executeFragment, fragment } from './fragment.ts';
import { runAndCommit, runAndReleaseEarly, runInOrder, type Statement } from './together.ts';

/** More runs than prepare a statement on each connection of the pool that the test uses. */
const RUNS_COUNT = 15;

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
  await sql`create table kept (id int primary key, note text, at timestamptz)`.execute(database.db);
  await sql`create table guarded (id int)`.execute(database.db);
  await sql`create function refuse_guarded() returns trigger language plpgsql as $$
    begin raise exception 'refused at commit' using errcode = 'check_violation'; end $$`.execute(database.db);
  await sql`create constraint trigger guarded_check after insert on guarded deferrable initially deferred
    for each row when (new.id < 0) execute function refuse_guarded()`.execute(database.db);
});
after(() => database.close());

const noted = (id: number, note: string): Statement<number> => ({
  query: fragment`insert into kept (id, note) values (${id}, ${note}) returning id`,
  read: (rows) => Number(rows[0]?.['id']),
});
const count: Statement<number> = {
  query: fragment`select count(*) as count from kept where id > ${0}`,
  read: (rows) => Number(rows[0]?.['count']),
};
const readPosition = (rows: readonly { at?: unknown }[]) => String(rows[0]?.at);
const insertedPart = (id: number) => ({ query: fragment`insert into kept (id) values (${id})`, read: null });

/** A read on a shared connection, where the database has one. */
const readKept = pointRead((reader, id: number) => {
  const query = sql<{ id: number }>`select id from kept where id = ${id}`;
  return { compile: () => query.compile(reader) };
});

async function repeat(work: (run: number) => Promise<void>): Promise<void> {
  for (let run = 1; run <= RUNS_COUNT; run += 1) await work(run);
}

async function idsBetween(from: number, to: number): Promise<number[]> {
  const rows = await executeFragment(
    database.db,
    fragment<{ id: number }>`select id from kept where id between ${from} and ${to} order by id`,
  );
  return rows.map(({ id }) => id);
}

test('statements in order see the rows of the ones before them, prepared or not, in one exchange when prepared', async () => {
  let exchanges: number[] = [];
  await repeat(async (run) => {
    const counted = await countStatements(() =>
      inTransaction(database.db, async (tx) => {
        const [before_count, id, after_count] = await runInOrder(tx, count, noted(100 + run, 'x'), count);
        assert.equal(id, 100 + run);
        assert.equal(after_count, before_count + 1);
      }),
    );
    assert.equal(counted.statements.length, 3);
    assert.equal(counted.transactions_count, 1);
    exchanges = [...exchanges, counted.exchanges_count];
  });
  assert.equal(exchanges.at(-1), 2, `the statements, then commit: ${exchanges.join(', ')}`);
  assert.deepEqual((await idsBetween(101, 200)).length, RUNS_COUNT);
});

test('a last statement and its commit are one exchange, and its rows are visible to others', async () => {
  let exchanges_count = 0;
  await repeat(async (run) => {
    const counted = await countStatements(() =>
      inTransaction(database.db, async (tx) => void (await runAndCommit(tx, { kept: insertedPart(200 + run) }))),
    );
    exchanges_count = counted.exchanges_count;
    assert.deepEqual(await idsBetween(200 + run, 200 + run), [200 + run]);
  });
  assert.equal(exchanges_count, 1, 'begin, the statement and commit');
});

test('a commit that releases its locks early is on disk when it returns, and the next one is flushed again', async () => {
  // Test databases do not flush. Statements that run one at a time use one connection.
  await sql`set synchronous_commit = on`.execute(database.db);
  const written = { query: fragment`select pg_current_wal_insert_lsn()::text as at`, read: readPosition };
  let exchanges_count = 0;
  await repeat(async (run) => {
    let position = '';
    const counted = await countStatements(() =>
      inTransaction(database.db, async (tx) => {
        const outcome = await runAndReleaseEarly(tx, { kept: insertedPart(700 + run), written });
        position = outcome.written;
      }),
    );
    exchanges_count = counted.exchanges_count;
    const found = await executeFragment(
      database.db,
      fragment<{ is_flushed: boolean; setting: string }>`
        select pg_current_wal_flush_lsn() > ${position}::pg_lsn as is_flushed,
          current_setting('synchronous_commit') as setting`,
    );
    assert.deepEqual(found, [{ is_flushed: true, setting: 'on' }]);
    assert.deepEqual(await idsBetween(700 + run, 700 + run), [700 + run]);
  });
  assert.equal(exchanges_count, 1, 'begin, the statement, commit and the wait for the disk');
});

test('when a commit that releases its locks early is refused, nothing is kept', async () => {
  const last = (tx: Tx, id: number) =>
    runAndReleaseEarly(tx, {
      kept: insertedPart(800 + id),
      guarded: { query: fragment`insert into guarded values (${id})`, read: null },
    });
  await repeat(async (run) => {
    await assert.rejects(
      inTransaction(database.db, async (tx) => void (await last(tx, -1))),
      /refused at commit/,
    );
    await inTransaction(database.db, async (tx) => void (await last(tx, run)));
  });
  assert.equal((await idsBetween(799, 900)).length, RUNS_COUNT);
});

test('when a statement of an exchange fails, the rest is not run and nothing is kept', async () => {
  const work = (id: number) =>
    inTransaction(database.db, async (tx) => {
      await runInOrder(tx, noted(id, 'first'), noted(301, 'again'), noted(id + 1, 'last'));
    });
  await inTransaction(database.db, async (tx) => void (await runInOrder(tx, noted(301, 'present'))));
  await repeat(async (run) => {
    await assert.rejects(work(310 + run * 2), (error) => isUniqueViolation(error, 'kept_pkey'));
    assert.deepEqual(await idsBetween(302, 399), []);
  });
});

test('when a last statement fails, or its commit is refused, nothing is kept and the connection is usable', async () => {
  const last = (tx: Tx, id: number) =>
    runAndCommit(tx, {
      kept: insertedPart(400),
      guarded: { query: fragment`insert into guarded values (${id})`, read: null },
    });
  await repeat(async () => {
    await assert.rejects(
      inTransaction(database.db, async (tx) => void (await last(tx, -1))),
      /refused at commit/,
    );
    assert.deepEqual(await idsBetween(400, 400), []);
  });
  await inTransaction(database.db, async (tx) => void (await last(tx, 1)));
  await repeat(async () => {
    await assert.rejects(
      inTransaction(database.db, async (tx) => void (await last(tx, 2))),
      (error) => isUniqueViolation(error, 'kept_pkey'),
    );
  });
  assert.deepEqual(await idsBetween(400, 400), [400]);
});

test('a statement behind the last one of a transaction is refused, not run outside it', async () => {
  await repeat(async (run) => {
    await assert.rejects(
      inTransaction(database.db, async (tx) => {
        await runAndCommit(tx, { kept: insertedPart(500 + run) });
        await runInOrder(tx, noted(600 + run, 'late'));
      }),
      /has committed it/,
    );
    assert.deepEqual(await idsBetween(600, 699), []);
  });
});

test('a batch whose plan is outdated runs again in a new transaction', async () => {
  const all: Statement<readonly string[]> = {
    query: fragment`select * from kept where id = ${101}`,
    read: (rows) => Object.keys(rows[0] ?? {}),
  };
  const work = () => inTransaction(database.db, async (tx) => (await runInOrder(tx, count, all))[1]);
  await repeat(async () => void (await work()));
  await sql`alter table kept add column added int`.execute(database.db);
  assert.ok((await work()).includes('added'));
});

test('an instant and null are sent in an exchange as in a single statement', async () => {
  const at = new Date('2026-02-03T04:05:06.789Z');
  const both: Statement<unknown> = {
    query: fragment`select ${at}::timestamptz as at, ${null}::text as none, ${[1, 2]}::int[] as list`,
    read: ([row]) => row,
  };
  await repeat(async () => {
    const [first, second] = await inTransaction(database.db, (tx) => runInOrder(tx, both, both));
    assert.deepEqual(first, { at, none: null, list: [1, 2] });
    assert.deepEqual(second, first);
  });
});

test('statements are sent as queries of the driver, which copies a plain object member by member', async () => {
  const sent: unknown[] = [];
  const send: unknown = Reflect.get(pg.Client.prototype, 'query');
  assert(typeof send === 'function');
  mock.method(pg.Client.prototype, 'query', function query(this: pg.Client, ...args: unknown[]): unknown {
    sent.push(args[0]);
    const result: unknown = Reflect.apply(send, this, args);
    return result;
  });
  try {
    const rows = await readKept(database.db, 1);
    assert.deepEqual(rows, []);
    await inTransaction(database.db, async (tx) => runInOrder(tx, count, noted(900, 'x'), count));
    await assert.rejects(sql`select 1 / ${0}::int`.execute(database.db), (error: Error) => {
      assert.match(error.message, /division by zero/);
      assert.match(error.stack ?? '', /exchange\.db\.test/);
      return true;
    });
  } finally {
    mock.restoreAll();
  }
  assert(sent.length >= 5);
  assert(sent.every((query) => query instanceof pg.Query));
});
