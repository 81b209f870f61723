import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import { Problem } from '#kernel/problem';
import type { LedgerEventId, ProfileId } from '#platform/db/db-schema';
import { inTransaction, type Tx } from '#platform/db/database';
import { findScannedTables } from '../../test/support/scanned-tables.ts';
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { next } from '../../test/support/factories.ts';
import { makeParty, makeSubject, orderEntry } from '../../test/support/factories/ledger.ts';
import { findBalance } from './balance-store.ts';
import { accounts, moveAmount, type NewEntry } from './entry.ts';
import { findEventEntries } from './event-store.ts';
import { postEvent, postEvents } from './post-event.ts';

const at = new Date('2026-03-10T15:00:00Z');
let database: TestDatabase;
let provider: ProfileId;
let payer: ProfileId;
before(async () => {
  database = await openTestDatabase();
  provider = await makeParty(database.db);
  payer = await makeParty(database.db);
});
after(() => database.close());

const postEntries = (key: string, entries: NewEntry[]) =>
  inTransaction(database.db, (tx) => postEvent(tx, { key, kind: 'order', at, entries }));
const makeOrderEntry = (amount = 2000) => orderEntry({ provider, payer, amount, subject: makeSubject({ id: '1' }) });

test('entries are returned and stored in the order of posting', async () => {
  const key = next('order');
  const posted = await postEntries(key, [makeOrderEntry(1), makeOrderEntry(2), makeOrderEntry(3)]);
  assert.deepEqual(
    posted.map(({ rank, dest_amount }) => [rank, dest_amount]),
    [
      [0, 1],
      [1, 2],
      [2, 3],
    ],
  );
  assert.deepEqual(await findEventEntries(database.db, key), posted);
});

test('an entry of amount 0 is valid, for a free order', async () => {
  const [entry] = await postEntries(next('order'), [makeOrderEntry(0)]);
  assert.equal(entry?.dest_amount, 0);
});

test('a key is booked once, and the transaction stays usable after a repetition', async () => {
  const key = next('order');
  await postEntries(key, [makeOrderEntry()]);
  await inTransaction(database.db, async (tx) => {
    await assert.rejects(
      postEvent(tx, { key, kind: 'order', at, entries: [makeOrderEntry()] }),
      isProblem('ledger_event_repeated'),
    );
    assert.equal((await findEventEntries(tx, key))?.length, 1);
  });
});

test('one of six concurrent posts of the same key succeeds', async () => {
  const key = next('order');
  const results = await Promise.allSettled(Array.from({ length: 6 }, () => postEntries(key, [makeOrderEntry()])));
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  assert.equal((await findEventEntries(database.db, key))?.length, 1);
});

test('several events are posted in the given order, and their entries are returned by event', async () => {
  const [order, charge] = [next('z:order'), next('a:charge')];
  const posted = await inTransaction(database.db, (tx) =>
    postEvents(tx, [
      { key: order, kind: 'order', at, entries: [makeOrderEntry(1), makeOrderEntry(2)] },
      { key: charge, kind: 'charge', receipt_key: 'ch_1', at, entries: [makeOrderEntry(3)] },
    ]),
  );
  assert.deepEqual(
    posted.map((entries) => entries.map(({ rank, dest_amount }) => [rank, dest_amount])),
    [
      [
        [0, 1],
        [1, 2],
      ],
      [[0, 3]],
    ],
  );
  const ids = posted.flat().map(({ id }) => id);
  assert.deepEqual(
    ids,
    ids.toSorted((a, b) => a - b),
  );
  assert.deepEqual([await findEventEntries(database.db, order), await findEventEntries(database.db, charge)], posted);
});

test('of several events none is posted when a key is booked', async () => {
  const [first, second, third] = [next('order'), next('order'), next('order')];
  const event = (key: string) => ({ key, kind: 'order', at, entries: [makeOrderEntry()] });
  await inTransaction(database.db, (tx) => postEvents(tx, [event(first), event(second)]));
  await inTransaction(database.db, async (tx) => {
    await assert.rejects(postEvents(tx, [event(first), event(second)]), isProblem('ledger_event_repeated'));
    assert.equal((await findEventEntries(tx, first))?.length, 1);
  });
  const partly = inTransaction(database.db, async (tx) => {
    await assert.rejects(postEvents(tx, [event(third), event(first)]), isProblem('ledger_event_repeated'));
  });
  await assert.rejects(partly, /has no entry/);
  assert.equal(await findEventEntries(database.db, third), undefined);
});

test('an instant, a text with quotes and the largest amount are stored unchanged', async () => {
  const created_at = new Date('2031-12-31T23:59:59.987Z');
  const description = `"quoted" 'text' \\ {"json": [1]} \u00e9 \n`;
  const entry = { ...makeOrderEntry(Number.MAX_SAFE_INTEGER), created_at, description };
  const [posted] = await postEntries(next('order'), [entry]);
  assert.deepEqual(
    [posted?.created_at, posted?.description, posted?.dest_amount],
    [created_at, description, Number.MAX_SAFE_INTEGER],
  );
});

test('invalid entries are not posted', async () => {
  const refused: NewEntry[] = [
    { ...makeOrderEntry(), orig_amount: 2001 },
    { ...makeOrderEntry(), orig_amount: -2000, dest_amount: -2000 },
    { ...makeOrderEntry(), orig_amount: 0.5, dest_amount: 0.5 },
    { ...makeOrderEntry(), orig_unit: 'USD', dest_unit: 'USD' },
    { ...makeOrderEntry(), dest_profile_id: provider, dest_account: accounts.receivable },
    { ...makeOrderEntry(), subject_id: 'x'.repeat(101) },
  ];
  for (const entry of refused) await assert.rejects(postEntries(next('order'), [entry]), /refused|not an amount/);
  await assert.rejects(postEntries(next('order'), []), /has no entry/);
});

test('the database rejects updates, deletes and truncation of posted rows', async () => {
  const [entry] = await postEntries(next('order'), [makeOrderEntry()]);
  assert(entry);
  const attempts = [
    sql`update ledger_entries set dest_amount = 1, orig_amount = 1 where id = ${entry.id}`,
    sql`delete from ledger_entries where id = ${entry.id}`,
    sql`truncate ledger_entries cascade`,
    sql`update ledger_events set key = 'another' where id = ${entry.ledger_event_id}`,
    sql`delete from ledger_events where id = ${entry.ledger_event_id}`,
    sql`truncate ledger_events cascade`,
  ];
  for (const attempt of attempts) {
    await assert.rejects(attempt.execute(database.db), /append-only/);
  }
});

test('the database rejects an event without entries at commit', async () => {
  await assert.rejects(
    inTransaction(database.db, (tx) =>
      tx
        .insertInto('ledger_events')
        .values({ key: next('empty'), kind: 'order', created_at: at })
        .execute(),
    ),
    /has no entry/,
  );
});

test('the database rejects an entry for an event of another transaction', async () => {
  const [entry] = await postEntries(next('order'), [makeOrderEntry()]);
  assert(entry);
  await assert.rejects(
    inTransaction(database.db, (tx) => insertRaw(tx, entry.ledger_event_id, { orig_amount: 1, dest_amount: 1 })),
    /is closed/,
  );
});

test('the database rejects entries with unequal or negative amounts, bad units, unknown accounts or equal sides', async () => {
  const refused = [
    { orig_amount: 2000, dest_amount: 1999 },
    { orig_amount: -1, dest_amount: -1 },
    { orig_unit: 'USD' },
    { dest_profile_id: provider, dest_account: 'Receivable' as const },
    { dest_account: 'Mattress' as never },
  ];
  for (const change of refused) {
    await assert.rejects(
      inTransaction(database.db, async (tx) => {
        const event = await tx
          .insertInto('ledger_events')
          .values({ key: next('raw'), kind: 'order', created_at: at })
          .returning('id')
          .executeTakeFirstOrThrow();
        await insertRaw(tx, event.id, change);
      }),
      { code: '23514' },
    );
  }
});

const movement = fc.record({
  from: fc.integer({ min: 0, max: 2 }),
  to: fc.integer({ min: 0, max: 2 }),
  from_account: fc.constantFrom(...Object.values(accounts)),
  to_account: fc.constantFrom(...Object.values(accounts)),
  amount: fc.integer({ min: 0, max: 1_000_000_000 }),
  unit: fc.constantFrom('usd', 'cad', 'jpy'),
});

test('property 3: the balances of all accounts sum to zero in each unit for any entries in any order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(movement, { minLength: 1, maxLength: 12 }), fc.boolean(), async (movements, reversed) => {
      const parties = [await makeParty(database.db), await makeParty(database.db), await makeParty(database.db)];
      const entries = movements
        .filter(({ from, to, from_account, to_account }) => from !== to || from_account !== to_account)
        .map(({ from, to, from_account, to_account, amount, unit }) =>
          moveAmount({
            from: { profile_id: parties[from]!, account: from_account },
            to: { profile_id: parties[to]!, account: to_account },
            amount,
            unit,
            subject: makeSubject({ kind: 'run' }),
            description: 'Anything',
          }),
        );
      if (entries.length === 0) return;
      for (const entry of reversed ? entries.toReversed() : entries) await postEntries(next('run'), [entry]);

      const expected = new Map<string, number>();
      for (const { dest_profile_id, dest_account, orig_profile_id, orig_account, ...amounts } of entries) {
        addToSum(expected, `${dest_profile_id} ${dest_account} ${amounts.dest_unit}`, amounts.dest_amount);
        addToSum(expected, `${orig_profile_id} ${orig_account} ${amounts.orig_unit}`, -amounts.orig_amount);
      }
      const found = new Map<string, number>();
      const sums = new Map<string, number>();
      for (const party of parties) {
        for (const account of Object.values(accounts)) {
          for (const { unit, amount } of await findBalance(database.db, party, account)) {
            addToSum(found, `${party} ${account} ${unit}`, amount);
            addToSum(sums, unit, amount);
          }
        }
      }
      assert.deepEqual(new Map([...found].toSorted()), new Map([...expected].toSorted()));
      for (const amount of sums.values()) assert.equal(amount, 0);
    }),
    { numRuns: 15 },
  );
});

test('a balance is received less sent amounts of an account', async () => {
  const [seller, buyer] = [await makeParty(database.db), await makeParty(database.db)];
  await postEntries(next('order'), [
    orderEntry({ provider: seller, payer: buyer, amount: 2000, subject: makeSubject() }),
    orderEntry({ provider: seller, payer: buyer, amount: 300, subject: makeSubject() }),
  ]);
  assert.deepEqual(await findBalance(database.db, buyer, accounts.payable), [{ unit: 'usd', amount: 2300 }]);
  assert.deepEqual(await findBalance(database.db, seller, accounts.receivable), [{ unit: 'usd', amount: -2300 }]);
  assert.deepEqual(await findBalance(database.db, seller, accounts.funds), []);
});

function addToSum(sums: Map<string, number>, key: string, amount: number): void {
  sums.set(key, (sums.get(key) ?? 0) + amount);
}

function isProblem(code: string) {
  return (error: unknown) => error instanceof Problem && error.code === code;
}

async function insertRaw(tx: Tx, ledger_event_id: LedgerEventId, change: object): Promise<void> {
  await tx
    .insertInto('ledger_entries')
    .values({ ...makeOrderEntry(), ledger_event_id, rank: 7, created_at: at, ...change })
    .execute();
}

test('a posting reads no hash of earlier events', async () => {
  await postEntries(next('order'), [makeOrderEntry()]);
  const scanned = await inTransaction(database.db, async (tx) => {
    await postEvent(tx, { key: next('order'), kind: 'order', at, entries: [makeOrderEntry()] });
    return findScannedTables(tx);
  });
  assert.deepEqual(
    scanned.filter((table) => table.startsWith('ledger_event')),
    [],
  );
});
