import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { type DatabaseProxy, proxyDatabase } from '../../../test/support/database-proxy.ts';
import { pointRead } from './built-once.ts';
import { type Database, inTransaction, isDatabaseDown, openDatabase, type Reader } from './database.ts';
import { classifyDatabaseError } from './failure.ts';
import { SHARED_CONNECTIONS } from './shared-reads.ts';

const skip = process.env['TEST_DATABASE_URL'] ? false : 'an embedded database has one connection in this process';
let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

const readPid = pointRead((reader: Reader) => reader.selectNoFrom(sql<number>`pg_backend_pid()`.as('pid')));
const readAfter = pointRead((reader: Reader, seconds: number) =>
  reader.selectNoFrom([sql`pg_sleep(${seconds})`.as('slept'), sql<number>`pg_backend_pid()`.as('pid')]),
);

/** Repeats reads until both shared connections are open, and returns their process ids. */
async function openShared(opened: Database): Promise<Set<number>> {
  for (;;) {
    await sleep(20);
    const all = await Promise.all(Array.from({ length: 50 }, () => readPid(opened.db)));
    const { rows } = await opened.executeSql('select pg_backend_pid() as pid');
    const pids = new Set(all.map(([row]) => row?.pid ?? 0));
    if (pids.size === SHARED_CONNECTIONS && !pids.has(Number(rows[0]?.['pid']))) return pids;
  }
}

function areReplaced(lost: ReadonlySet<number>, now: ReadonlySet<number>): boolean {
  return [...now].every((pid) => !lost.has(pid));
}

/** Opens the database of this test through a proxy that can fail. */
async function openProxied(): Promise<{ proxy: DatabaseProxy; opened: Database }> {
  const proxy = await proxyDatabase(database.url ?? '');
  return { proxy, opened: await openDatabase({ url: proxy.url }) };
}

test('point reads return the rows of their values, outside and inside a transaction', async () => {
  const { db } = database;
  const find = pointRead((reader, slug: string) =>
    reader.selectFrom('agreements').select(['slug', 'title']).where('slug', '=', slug),
  );
  const insert = { slug: 'read', title: 'Read', updated_at: new Date() };
  await inTransaction(db, async (tx) => {
    await tx.insertInto('agreements').values(insert).execute();
    assert.deepEqual(await find(tx, 'read'), [{ slug: 'read', title: 'Read' }], 'the transaction sees its own rows');
    await assert.rejects(find(db, 'read'), /pass `tx` instead/);
  });
  const slugs = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? 'read' : 'none'));
  const found = await Promise.all(slugs.map((slug) => find(db, slug)));
  assert.deepEqual(
    found.map((rows) => rows.length),
    slugs.map((slug) => (slug === 'read' ? 1 : 0)),
  );
  const divide = pointRead((reader: Reader, by: number) => reader.selectNoFrom(sql<number>`6 / ${by}::int`.as('part')));
  const parts = await Promise.allSettled([divide(db, 2), divide(db, 0), divide(db, 3)]);
  assert.deepEqual(
    parts.map((part) =>
      part.status === 'fulfilled' ? part.value[0]?.part : Reflect.get(part.reason as object, 'code'),
    ),
    [3, '22012', 2],
    'a failed read does not affect the others',
  );
});

test('a point read is planned again after a change of its table', async () => {
  const { db } = database;
  await sql`create table reshaped (id int)`.execute(db);
  await sql`insert into reshaped values (1)`.execute(db);
  const read = pointRead((_reader: Reader, id: number) => {
    const query = sql<Record<string, unknown>>`select * from reshaped where id = ${id}`;
    return { compile: () => query.compile(db) };
  });
  for (let run = 0; run < 5; run += 1) await read(db, 1);
  await sql`alter table reshaped add column one text default 'x'`.execute(db);
  assert.deepEqual(await read(db, 1), [{ id: 1, one: 'x' }]);
  assert.deepEqual(await Promise.all([read(db, 1), read(db, 2)]), [[{ id: 1, one: 'x' }], []]);
});

test('concurrent point reads share two connections', { skip }, async () => {
  const pids = await openShared(database);
  const all = await Promise.all(Array.from({ length: 200 }, () => readPid(database.db)));
  assert.deepEqual(new Set(all.map(([row]) => row?.pid)), pids);
});

test('reads do not wait behind a slow one, and a read ends after 2 s', { skip }, async () => {
  await openShared(database);
  let are_slow_done = false;
  const slow = Array.from({ length: SHARED_CONNECTIONS }, () => readAfter(database.db, 1));
  void Promise.all(slow).then(() => (are_slow_done = true));
  await sleep(150);
  await Promise.all(Array.from({ length: 20 }, () => readPid(database.db)));
  assert.equal(are_slow_done, false);
  await Promise.all(slow);
  await assert.rejects(readAfter(database.db, 5), (error) => classifyDatabaseError(error) === 'busy');
});

test('reads whose connection breaks are repeated once by the pool', { skip }, async () => {
  const { proxy, opened } = await openProxied();
  const lost = await openShared(opened);
  const waiting = Array.from({ length: 10 }, () => readAfter(opened.db, 0.3));
  await sleep(50);
  for (const pid of lost) await database.executeSql('select pg_terminate_backend($1)', [pid]);
  for (const [row] of await Promise.all(waiting)) assert.ok(row && !lost.has(row.pid));
  assert.ok(areReplaced(lost, await openShared(opened)));

  const cut = Array.from({ length: 5 }, () => readAfter(opened.db, 0.3));
  const outcomes = Promise.allSettled(cut);
  await sleep(50);
  await proxy.disconnect();
  for (const outcome of await outcomes)
    assert.ok(outcome.status === 'rejected' && isDatabaseDown(outcome.reason), 'the repeated read finds no server');
  await proxy.restore();
  await openShared(opened);
  await opened.close();
  await proxy.disconnect();
});

test(
  'reads on connections that stop responding are repeated by the pool, and others replace them',
  { skip },
  async () => {
    const { proxy, opened } = await openProxied();
    const lost = await openShared(opened);
    proxy.freeze();
    const started = performance.now();
    const read = await Promise.allSettled(Array.from({ length: 20 }, () => readPid(opened.db)));
    assert.ok(performance.now() - started < 15_000);
    for (const each of read) assert.ok(each.status === 'fulfilled' || isDatabaseDown(each.reason));
    assert.ok(areReplaced(lost, await openShared(opened)));
    proxy.freeze();
    const closing = performance.now();
    await opened.close();
    assert.ok(performance.now() - closing < 4_000);
    await proxy.disconnect();
  },
);

test('of several hosts the shared connections use the one that accepts writes', { skip }, async () => {
  const url = new URL(database.url ?? '');
  const text = url.href.replace(url.host, `127.0.0.1:9,${url.host}`);
  const opened = await openDatabase({ url: text });
  await openShared(opened);
  await opened.close();
});
