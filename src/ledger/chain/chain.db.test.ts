import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { type RawBuilder, sql } from 'kysely';
import { inTransaction } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { makeWorker, POLL_MS } from '#platform/jobs/worker';
import { changeAndRestore } from '../../../test/support/change-and-restore.ts';
import { testContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { next } from '../../../test/support/factories.ts';
import { makeParty, makeSubject, orderEntry } from '../../../test/support/factories/ledger.ts';
import type { NewEntry } from '../entry.ts';
import { postEvent, postEvents } from '../post-event.ts';
import { verifyLedger } from '../verification/index.ts';
import { findChainState, insertSeal } from './chain-store.ts';
import { type Checkpoint, checkpointText, parseCheckpoint } from './checkpoint.ts';
import { sealLedgerJob } from './jobs.ts';
import { sealLedger } from './seal-ledger.ts';

const at = new Date('2026-03-10T15:04:05.678Z');
let database: TestDatabase;
let provider: ProfileId;
let payer: ProfileId;
before(async () => {
  database = await openTestDatabase();
  provider = await makeParty(database.db);
  payer = await makeParty(database.db);
});
beforeEach(() => sealLedger(database.db));
after(() => database.close());

const order = (amount = 2000, description = 'Subscription') =>
  orderEntry({ provider, payer, amount, subject: makeSubject(), description });
const post = (...entries: NewEntry[]) =>
  inTransaction(database.db, (tx) => postEvent(tx, { key: next('event'), kind: 'order', at, entries }));
const postMany = (count: number) =>
  inTransaction(database.db, (tx) =>
    postEvents(
      tx,
      Array.from({ length: count }, () => ({ key: next('event'), kind: 'order', at, entries: [order()] })),
    ),
  );

async function select<T>(query: RawBuilder<T>): Promise<T[]> {
  return (await query.execute(database.db)).rows;
}

const findViolations = async (from: Checkpoint | null = null) => (await verifyLedger(database.db, { from })).violations;

const tables = ['ledger_events', 'ledger_entries', 'ledger_event_hashes', 'ledger_unsealed_events', 'ledger_seals'];

/** Changes rows without triggers, verifies, and restores the rows. */
async function violationsAfter(change: RawBuilder<unknown>, from: Checkpoint | null = null): Promise<string[]> {
  const found = await changeAndRestore(database.db, tables, change, () => findViolations(from));
  return found
    .filter(({ rule }) => /hash|seal/.test(rule))
    .map(({ rule, where, detail }) => `${rule}: ${where}: ${detail}`);
}

const lastSeal = async () => {
  const { last } = await findChainState(database.db);
  assert.ok(last);
  return last;
};

test('the hash of an event is SHA-256 of its canonical text, which another program computes from the rows', async () => {
  const description = 'A "quoted" name\n\\ \u0001 \u05d0\u{1f600}';
  const posted = await post(order(2000, description), {
    ...order(5),
    subject_kind: null,
    subject_id: null,
    subject_part: null,
  });
  const [event] = await select(sql<{ id: number; key: string; hash: string }>`
    select event.id, key, encode(hash, 'hex') as hash from ledger_events event
    join ledger_event_hashes on ledger_event_id = event.id where event.id = ${posted[0]?.ledger_event_id}`);
  assert.ok(event);
  const line = (...values: unknown[]) => `[${values.map((value) => JSON.stringify(value)).join(', ')}]`;
  const instant = at.getTime() * 1000;
  const text = [
    line('tollgate ledger event', 1, event.id, event.key, 'order', instant, true, null),
    ...posted.map((entry) =>
      line(
        entry.rank,
        entry.id,
        instant,
        entry.description,
        entry.subject_kind,
        entry.subject_id,
        entry.subject_part,
        entry.orig_profile_id,
        entry.orig_account,
        entry.orig_amount,
        entry.orig_unit,
        entry.dest_profile_id,
        entry.dest_account,
        entry.dest_amount,
        entry.dest_unit,
      ),
    ),
  ].join('\n');
  assert.equal(event.hash, createHash('sha256').update(text).digest('hex'));
});

test('every event of a transaction has its hash, for many events in several statements and for events of others between', async () => {
  await inTransaction(database.db, async (tx) => {
    for (const count of [300, 1, 2]) {
      const events = Array.from({ length: count }, () => ({
        key: next('event'),
        kind: 'order',
        at,
        entries: [order(), order()],
      }));
      await postEvents(tx, events);
      // The id of another transaction, which is rolled back.
      await sql`select nextval(pg_get_serial_sequence('ledger_events', 'id'))`.execute(tx);
    }
  });
  assert.equal((await findChainState(database.db)).unsealed_count, 303);
  assert.deepEqual(await findViolations(), []);
});

test('a seal contains the hashes of its events and the hash of the seal before it', async () => {
  await postMany(3);
  assert.equal(await sealLedger(database.db), 3);
  const before = await lastSeal();
  await postMany(2);
  assert.equal(await sealLedger(database.db), 2);
  const seal = await lastSeal();
  assert.equal(seal.seal_id, before.seal_id + 1);
  const events = await select(sql<{ id: number; hash: string; us: string }>`
    select ledger_event_id as id, encode(hashed.hash, 'hex') as hash, (extract(epoch from sealed_at) * 1000000)::bigint::text as us
    from ledger_seals seal, unnest(event_ids) as ledger_event_id join ledger_event_hashes hashed using (ledger_event_id)
    where seal.id = ${seal.seal_id} order by ledger_event_id`);
  const text = [
    `["tollgate ledger seal", 1, ${seal.seal_id}, "${before.hash}", ${events[0]?.us}, 2]`,
    ...events.map(({ id, hash }) => `[${id}, 1, "${hash}"]`),
  ].join('\n');
  assert.equal(seal.hash, createHash('sha256').update(text).digest('hex'));
  assert.deepEqual(await findViolations(), []);
});

test('an event waits for its seal from its commit on; a rolled-back event leaves no trace', async () => {
  const [counted] = await select(sql<{ count: number }>`select count(*) from ledger_event_hashes`);
  await assert.rejects(
    inTransaction(database.db, async (tx) => {
      await postEvent(tx, { key: next('event'), kind: 'order', at, entries: [order()] });
      await sql`set constraints all immediate`.execute(tx);
      throw new Error('rolled back');
    }),
    /rolled back/,
  );
  assert.equal((await findChainState(database.db)).unsealed_count, 0);
  assert.deepEqual(await select(sql`select count(*) from ledger_event_hashes`), [counted]);
  await postMany(2);
  const { unsealed_count, lag_s } = await findChainState(database.db);
  assert.equal(unsealed_count, 2);
  assert.ok(lag_s >= 0 && lag_s < 60);
  const { chain, violations } = await verifyLedger(database.db);
  assert.deepEqual([chain.unsealed_count, violations], [2, []], 'an unsealed tail is reported, and breaks no rule');
  await sealLedger(database.db);
  assert.deepEqual(
    await findChainState(database.db).then(({ unsealed_count: count, lag_s: lag }) => [count, lag]),
    [0, 0],
  );
});

test('an event that commits after a later one was sealed is in a later seal', async (context) => {
  if (database.kind !== 'server') return context.skip('an embedded database has one connection');
  const late = Promise.withResolvers<void>();
  const posted = Promise.withResolvers<number>();
  const slow = inTransaction(database.db, async (tx) => {
    const [entry] = await postEvent(tx, { key: next('event'), kind: 'order', at, entries: [order()] });
    posted.resolve(entry?.ledger_event_id ?? 0);
    await late.promise;
  });
  const low_id = await posted.promise;
  const [high] = await post(order());
  assert.ok(high && high.ledger_event_id > low_id);
  assert.equal(await sealLedger(database.db), 1);
  const { seal_id } = await lastSeal();
  late.resolve();
  await slow;
  assert.equal(await sealLedger(database.db), 1);
  assert.deepEqual(await select(sql`select event_ids from ledger_seals where id > ${seal_id}`), [
    { event_ids: [low_id] },
  ]);
  assert.deepEqual(await findViolations(), []);
});

test('nodes that post and seal at the same time make one chain without gaps, and no node waits', async (context) => {
  if (database.kind !== 'server') return context.skip('an embedded database has one connection');
  let are_posting = true;
  const sealer = async () => {
    while (are_posting) await sealLedger(database.db);
  };
  const sealers = [sealer(), sealer(), sealer()];
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (let round = 0; round < 20; round += 1) await postMany(3);
    }),
  );
  are_posting = false;
  await Promise.all(sealers);
  await sealLedger(database.db);
  const { chain, violations } = await verifyLedger(database.db);
  assert.deepEqual([chain.unsealed_count, violations], [0, []]);
});

test('the job seals an event within 5 s, at any instant of the clock', async () => {
  const context = await testContext(database.db, { now: at });
  const { clock } = context;
  const worker = makeWorker({
    ...context,
    jobs: [sealLedgerJob],
    subscribers: [],
    makeContext: () => Promise.resolve(context),
  });
  for (const after_ms of [0, 1, 500, 999, 1000, 1999]) {
    clock.set(new Date(Math.ceil(clock.now().getTime() / 10_000) * 10_000 + after_ms));
    await post(order());
    assert.equal((await findChainState(database.db)).unsealed_count, 1);
    // The worker looks for due jobs at the latest this long after they are due.
    await worker.runDue(clock, new Date(clock.now().getTime() + 5000 - POLL_MS));
    assert.equal((await findChainState(database.db)).unsealed_count, 0, `posted ${after_ms} ms after a full second`);
  }
});

test('orders wait neither for the seal nor for one another', async (context) => {
  if (database.kind !== 'server') return context.skip('an embedded database has one connection');
  await post(order());
  const [held, posted, sealed] = [
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
  ];
  const open_order = inTransaction(database.db, async (tx) => {
    await postEvent(tx, { key: next('event'), kind: 'order', at, entries: [order()] });
    await sql`set constraints all immediate`.execute(tx);
    posted.resolve();
    await held.promise;
  });
  await posted.promise;
  const open_seal = inTransaction(database.db, async (tx) => {
    assert.equal(await insertSeal(tx, 10), 1);
    sealed.resolve();
    await held.promise;
  });
  await sealed.promise;
  // Both stand before their commit.
  for (let count = 0; count < 3; count += 1)
    await inTransaction(database.db, async (tx) => {
      await sql`set local lock_timeout = '5s'`.execute(tx);
      await postEvent(tx, { key: next('event'), kind: 'order', at, entries: [order()] });
    });
  assert.equal(await sealLedger(database.db), 0, 'another node seals');
  held.resolve();
  await Promise.all([open_order, open_seal]);
  assert.equal(await sealLedger(database.db), 4);
  assert.deepEqual(await findViolations(), []);
});

test('the database rejects writers of the chain other than its triggers and its seal function', async () => {
  await postMany(1);
  await sealLedger(database.db);
  await postMany(1);
  const hash = sql`decode(repeat('00', 32), 'hex')`;
  const attempts = [
    sql`update ledger_event_hashes set hash = ${hash}`,
    sql`delete from ledger_event_hashes`,
    sql`truncate ledger_event_hashes`,
    sql`insert into ledger_event_hashes values (1000000, 1, ${hash})`,
    sql`update ledger_seals set sealed_at = now()`,
    sql`delete from ledger_seals`,
    sql`truncate ledger_seals`,
    sql`insert into ledger_seals values (1000000, now(), '{1}', ${hash}, ${hash})`,
    sql`delete from ledger_unsealed_events`,
    sql`update ledger_unsealed_events set queued_at = now()`,
    sql`insert into ledger_unsealed_events values (1)`,
    sql`truncate ledger_unsealed_events`,
  ];
  for (const attempt of attempts)
    await assert.rejects(attempt.execute(database.db), { code: '23001' }, attempt.compile(database.db).sql);
});

test('an event is closed when its hash is stored before the end of the transaction', async () => {
  const entryOf = (event_id: number, rank: number) => ({ ...order(), ledger_event_id: event_id, rank, created_at: at });
  const insertEvent = sql<{ id: number }>`insert into ledger_events (key, kind, created_at)
    values (${next('event')}, 'order', ${at}) returning id`;
  await assert.rejects(
    inTransaction(database.db, async (tx) => {
      const id = (await insertEvent.execute(tx)).rows[0]?.id ?? 0;
      const insert = (rank: number) =>
        tx
          .insertInto('ledger_entries')
          .values(entryOf(id, rank) as never)
          .execute();
      await insert(0);
      await sql`set constraints all immediate`.execute(tx);
      await insert(1);
    }),
    /is closed/,
  );
  await inTransaction(database.db, async (tx) => {
    await sql`set constraints all immediate`.execute(tx);
    await postEvent(tx, { key: next('event'), kind: 'order', at, entries: [order(), order()] });
  });
  assert.deepEqual(await findViolations(), []);
});

test('verification names each event, hash and seal that was changed, added or removed', async () => {
  await postMany(3);
  await sealLedger(database.db);
  const first = await lastSeal();
  await postMany(3);
  await sealLedger(database.db);
  const last = await lastSeal();
  await postMany(1);
  const [row] = await select(
    sql<{ ids: number[] }>`select event_ids as ids from ledger_seals where id = ${last.seal_id}`,
  );
  const [id = 0, other = 0] = row?.ids ?? [];
  const changed = `the hash of an event is that of its rows: event ${id}: another row, or another hash, was posted`;
  const of_event = sql`ledger_event_id = ${id}`;
  const of_seal = sql`id = ${last.seal_id}`;
  const broken_seal = `the hash of a seal is that of its events: seal ${last.seal_id}: an event, its hash or the seal was changed`;
  const cases: [RawBuilder<unknown>, (string | RegExp)[]][] = [
    [sql`update ledger_entries set description = 'Other' where ${of_event}`, [changed]],
    [sql`update ledger_entries set orig_amount = 1, dest_amount = 1 where ${of_event}`, [changed]],
    [sql`update ledger_entries set subject_id = 'x' where ${of_event}`, [changed]],
    [sql`update ledger_entries set created_at = created_at + interval '1 microsecond' where ${of_event}`, [changed]],
    [sql`update ledger_events set receipt_key = 'ch_x' where id = ${id}`, [changed]],
    [sql`delete from ledger_entries where ${of_event}`, [changed]],
    [
      sql`update ledger_event_hashes set hash = (
        select sha256(convert_to(text, 'UTF8')) from ledger_event_texts texts where texts.ledger_event_id = ${other})
        where ${of_event}`,
      [changed, broken_seal],
    ],
    [
      sql`delete from ledger_event_hashes where ${of_event}`,
      [/^an event has a hash.*has no hash$/, /^a hash is in one seal.*without a hash$/, broken_seal],
    ],
    [
      sql`insert into ledger_event_hashes select 1000000, version, hash from ledger_event_hashes where ${of_event}`,
      [
        'the hash of an event is that of its rows: event 1000000: another row, or another hash, was posted',
        'an event has a hash, and a hash has an event: event 1000000: a hash without an event',
        'a hash is in one seal, or waits for one: event 1000000: in 0 seals and 0 times in the queue',
      ],
    ],
    [sql`delete from ledger_unsealed_events`, [/in 0 seals and 0 times in the queue$/]],
    [
      sql`insert into ledger_unsealed_events values (${id})`,
      [`a hash is in one seal, or waits for one: event ${id}: in 1 seals and 1 times in the queue`],
    ],
    [sql`update ledger_seals set sealed_at = sealed_at + interval '1 second' where ${of_seal}`, [broken_seal]],
    [
      sql`update ledger_seals set event_ids = array_remove(event_ids, ${id}::bigint) where ${of_seal}`,
      [`a hash is in one seal, or waits for one: event ${id}: in 0 seals and 0 times in the queue`, broken_seal],
    ],
    [
      sql`update ledger_seals set previous_hash = hash where ${of_seal}`,
      [`a seal follows the seal before it: seal ${last.seal_id}: the hash before it is another`, broken_seal],
    ],
    [
      sql`delete from ledger_seals where id = ${first.seal_id}`,
      [
        ...Array.from({ length: 3 }, () => /in 0 seals and 0 times in the queue$/),
        `a seal follows the seal before it: seal ${last.seal_id}: a seal before it is missing`,
      ],
    ],
  ];
  for (const [change, expected] of cases) {
    const found = await violationsAfter(change);
    const text = `${change.compile(database.db).sql}\n${found.join('\n')}`;
    assert.equal(found.length, expected.length, text);
    for (const [index, line] of expected.entries()) {
      if (typeof line === 'string') assert.equal(found[index], line, text);
      else assert.match(found[index] ?? '', line, text);
    }
  }
  assert.deepEqual(await findViolations(), [], 'the rows are restored');
});

test('a verification from a checkpoint reads the seals after it and requires its hash', async () => {
  await postMany(2);
  await sealLedger(database.db);
  const checkpoint = await lastSeal();
  await postMany(2);
  await sealLedger(database.db);
  await postMany(1);
  const change = (where: RawBuilder<unknown>) => sql`update ledger_entries set description = 'Other' where ${where}`;
  const sealed = (condition: RawBuilder<unknown>) =>
    sql`ledger_event_id in (select unnest(event_ids) from ledger_seals where ${condition})`;
  assert.deepEqual(await findViolations(checkpoint), []);
  assert.deepEqual(await violationsAfter(change(sealed(sql`id = ${checkpoint.seal_id}`)), checkpoint), []);
  assert.equal((await violationsAfter(change(sealed(sql`id > ${checkpoint.seal_id}`)), checkpoint)).length, 2);
  const in_tail = change(sql`ledger_event_id in (select ledger_event_id from ledger_unsealed_events)`);
  assert.equal((await violationsAfter(in_tail, checkpoint)).length, 1);

  // The chain was written anew, or an older backup was restored.
  const other = { ...checkpoint, hash: 'f'.repeat(64) };
  assert.match((await violationsAfter(sql`select 1`, other)).join(), /^the checkpoint is a seal.*its hash is/);
  const later = { seal_id: 1_000_000, hash: null };
  assert.match(
    (await violationsAfter(sql`select 1`, later)).join(),
    /^the checkpoint is a seal.*there is no such seal$/,
  );
  assert.deepEqual(await findViolations({ ...checkpoint, hash: null }), []);
});

test('a checkpoint is the number of a seal, alone or with its hash', () => {
  const hash = '0af3'.repeat(16);
  assert.deepEqual(parseCheckpoint('12'), { seal_id: 12, hash: null });
  assert.deepEqual(parseCheckpoint(` 12:${hash.toUpperCase()}\n`), { seal_id: 12, hash });
  assert.equal(checkpointText({ seal_id: 12, hash }), `12:${hash}`);
  assert.equal(checkpointText({ seal_id: 12, hash: null }), '12');
  for (const text of ['', '0', '-1', '1.5', '12:', '12:abc', `x:${hash}`, '9'.repeat(16), `12:${hash}0`])
    assert.equal(parseCheckpoint(text), null, text);
});
