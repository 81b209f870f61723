import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import { Problem } from '#kernel/problem';
import type { LedgerEventId, ProfileId } from '#platform/db/db-schema';
import { inTransaction, type Tx } from '#platform/db/database';
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { next } from '../../test/support/factories.ts';
import { makeParty, makeSubject, orderEntry } from '../../test/support/factories/ledger.ts';
import { findBalance, findHoldings } from './balance-store.ts';
import { accounts, moveAmount, type NewEntry } from './entry.ts';
import { findEventEntries } from './event-store.ts';
import { postEvent } from './post-event.ts';

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

test('the balances of all accounts sum to zero in each unit for any entries in any order', async () => {
  const parties = [await makeParty(database.db), await makeParty(database.db), await makeParty(database.db)];
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(movement, { minLength: 1, maxLength: 12 }), fc.boolean(), async (movements, reversed) => {
      run += 1;
      const subject = makeSubject({ kind: 'run', id: String(run) });
      const entries = movements
        .filter(({ from, to, from_account, to_account }) => from !== to || from_account !== to_account)
        .map(({ from, to, from_account, to_account, amount, unit }) =>
          moveAmount({
            from: { profile_id: parties[from]!, account: from_account },
            to: { profile_id: parties[to]!, account: to_account },
            amount,
            unit,
            subject,
            description: 'Anything',
          }),
        );
      if (entries.length === 0) return;
      for (const entry of reversed ? entries.toReversed() : entries) await postEntries(next('run'), [entry]);

      const sums = new Map<string, number>();
      const expected = new Map<string, number>();
      for (const account of Object.values(accounts)) {
        const held = new Map<string, number>();
        for (const { unit, amount } of await findHoldings(database.db, [subject], account))
          addToSum(held, unit, amount);
        for (const [unit, amount] of held) addToSum(sums, unit, amount);
        for (const entry of entries) {
          if (entry.dest_account === account) addToSum(expected, `${account} ${entry.dest_unit}`, entry.dest_amount);
          if (entry.orig_account === account) addToSum(expected, `${account} ${entry.orig_unit}`, -entry.orig_amount);
        }
        for (const [unit, amount] of held) assert.equal(amount, expected.get(`${account} ${unit}`));
      }
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
