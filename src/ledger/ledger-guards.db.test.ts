import assert from 'node:assert/strict';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { type RawBuilder, sql } from 'kysely';
import { inTransaction, openDatabase, type Tx } from '#platform/db/database';
import type { LedgerEventId, ProfileId } from '#platform/db/db-schema';
import { migrate, migrationsFolder, readMigrations } from '#platform/db/migrate';
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { next } from '../../test/support/factories.ts';
import { makeParty, makeSubject, orderEntry } from '../../test/support/factories/ledger.ts';
import { accounts, convertAmount, moveAmount, type NewEntry, unbalancedUnit } from './entry.ts';
import { postEvent } from './post-event.ts';
import { verifyLedger } from './verification/index.ts';

const at = new Date('2026-03-10T15:00:00Z');
let database: TestDatabase;
let provider: ProfileId;
let payer: ProfileId;
let processor: ProfileId;
before(async () => {
  database = await openTestDatabase();
  provider = await makeParty(database.db);
  payer = await makeParty(database.db);
  processor = await makeParty(database.db);
});
after(() => database.close());

type Account = NewEntry['orig_account'];

/** Makes the entry of an exchange, such as `1 usd → 5 eur`. */
function makeExchangeEntry(
  amount: number,
  unit: string,
  to_amount: number,
  to_unit: string,
  to: Account = accounts.funds,
) {
  return convertAmount({
    from: { profile_id: processor, account: accounts.funds },
    to: { profile_id: provider, account: to },
    amount,
    unit,
    to_amount,
    to_unit,
    subject: null,
    description: 'An exchange',
  });
}

const makeOrderEntry = (amount = 2000) => orderEntry({ provider, payer, amount, subject: makeSubject({ id: '1' }) });
const postEntries = (entries: NewEntry[]) =>
  inTransaction(database.db, (tx) => postEvent(tx, { key: next('exchange'), kind: 'charge', at, entries }));

/** Writes to the tables without `postEvent`, with one statement per group of entries. */
async function writeGroups(...groups: (NewEntry[] | RawBuilder<unknown>)[]): Promise<LedgerEventId> {
  return inTransaction(database.db, async (tx) => {
    const event = await insertEvent(tx);
    let rank = 0;
    for (const group of groups) {
      if (!Array.isArray(group)) await group.execute(tx);
      else await insertRows(tx, event, group, (rank += 100));
    }
    return event;
  });
}

async function insertEvent(tx: Tx): Promise<LedgerEventId> {
  const { id } = await tx
    .insertInto('ledger_events')
    .values({ key: next('raw'), kind: 'charge', created_at: at })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

async function insertRows(tx: Tx, event: LedgerEventId, entries: NewEntry[], rank: number): Promise<void> {
  await tx
    .insertInto('ledger_entries')
    .values(entries.map((entry, index) => ({ ...entry, ledger_event_id: event, rank: rank + index, created_at: at })))
    .execute();
}

async function allSums(): Promise<unknown[]> {
  const { rows } = await sql`
    select unit, sum(amount) from (
      select dest_unit as unit, dest_amount as amount from ledger_entries
      union all select orig_unit, -orig_amount from ledger_entries) postings
    group by unit having sum(amount) <> 0`.execute(database.db);
  return rows;
}

test('the database rejects a conversion without counter-accounts, such as 1 usd to 1,000,000 eur', async () => {
  await assert.rejects(writeGroups([makeExchangeEntry(1, 'usd', 1_000_000, 'eur')]), /does not balance in eur/);
  await assert.rejects(writeGroups([makeExchangeEntry(0, 'usd', 1, 'eur')]), /does not balance in eur/);
  await assert.rejects(writeGroups([makeExchangeEntry(1, 'usd', 0, 'eur')]), /does not balance in usd/);
  await assert.rejects(writeGroups([makeExchangeEntry(7250, 'usd', 10_000, 'cad')]), /does not balance in cad/);
});

test('the database rejects conversions that balance in one unit only, or only in the sum of all units', async () => {
  const attempts: NewEntry[][] = [
    [makeExchangeEntry(1, 'usd', 1_000_000, 'eur'), makeExchangeEntry(999_999, 'eur', 1, 'usd')],
    [makeExchangeEntry(100, 'usd', 100, 'eur')],
    [makeExchangeEntry(100, 'usd', 90, 'eur'), makeExchangeEntry(90, 'eur', 100, 'cad')],
    [makeExchangeEntry(1, 'usd', 1_000_000, 'eur'), makeOrderEntry(2000)],
    [makeExchangeEntry(1, 'usd', 1_000_000, 'eur'), makeExchangeEntry(1, 'usd', 1_000_000, 'eur')],
  ];
  for (const entries of attempts) await assert.rejects(writeGroups(entries), /does not balance/);
});

test('the database rejects an entry that unbalances an event after an early check', async () => {
  await assert.rejects(
    writeGroups([makeOrderEntry()], sql`set constraints all immediate`, [
      makeExchangeEntry(1, 'usd', 1_000_000, 'eur'),
    ]),
    /does not balance/,
  );
  const balanced = [
    makeExchangeEntry(100, 'usd', 90, 'eur'),
    makeExchangeEntry(90, 'eur', 100, 'usd', accounts.expenses),
  ];
  await assert.rejects(
    writeGroups(balanced, sql`set constraints all immediate`, [makeExchangeEntry(1, 'usd', 1, 'eur')]),
    /does not balance/,
  );
});

test('the database rejects a new event that is marked as one of an earlier version', async () => {
  await assert.rejects(
    sql`insert into ledger_events (key, kind, created_at, is_exchange_balanced) values ('old', 'charge', now(), false)`.execute(
      database.db,
    ),
    { code: '23514' },
  );
});

test('the database rejects a balanced entry for an event of an earlier transaction', async () => {
  const event = await writeGroups([makeOrderEntry()]);
  await assert.rejects(
    inTransaction(database.db, (tx) => insertRows(tx, event, [makeOrderEntry()], 50)),
    /is closed/,
  );
});

test('the database rejects changes of posted rows by each kind of statement', async () => {
  const event = await writeGroups([makeOrderEntry()]);
  const attempts = [
    sql`update ledger_entries set description = 'Other' where ledger_event_id = ${event}`,
    sql`update ledger_entries set orig_amount = 0, dest_amount = 0`,
    sql`insert into ledger_entries select * from ledger_entries where ledger_event_id = ${event}
      on conflict (ledger_event_id, rank) do update set dest_amount = 1, orig_amount = 1`,
    sql`delete from ledger_entries`,
    sql`delete from ledger_events where id = ${event}`,
    sql`truncate ledger_entries, ledger_events cascade`,
    sql`truncate profiles cascade`,
    sql`delete from profiles where id = ${provider}`,
  ];
  for (const attempt of attempts) await assert.rejects(attempt.execute(database.db), attempt.compile(database.db).sql);
  const kept = await database.db
    .selectFrom('ledger_entries')
    .selectAll()
    .where('ledger_event_id', '=', event)
    .execute();
  assert.deepEqual(
    kept.map(({ orig_amount, dest_amount }) => [orig_amount, dest_amount]),
    [[2000, 2000]],
  );
});

test('a conversion with counter-accounts that balance each unit is posted', async () => {
  const entries = [
    makeExchangeEntry(9655, 'cad', 7000, 'usd'),
    makeExchangeEntry(345, 'cad', 250, 'usd', accounts.expenses),
  ];
  const back = convertAmount({
    from: { profile_id: provider, account: accounts.backlog },
    to: { profile_id: provider, account: accounts.receivable },
    amount: 7250,
    unit: 'usd',
    to_amount: 10_000,
    to_unit: 'cad',
    subject: null,
    description: 'Charge ch_9 distribution for xia:basic',
  });
  assert.equal((await postEntries([...entries, back])).length, 3);
  await assert.rejects(postEntries(entries), /does not balance/);
});

test('an exchange within one account sends one unit and receives another', async () => {
  const place = { profile_id: processor, account: accounts.refund };
  const inside = { from: place, to: place, amount: 3625, unit: 'usd', subject: null, description: 'Exchange' };
  const taken = makeExchangeEntry(10, 'usd', 10, 'usd');
  await assert.rejects(postEntries([convertAmount({ ...inside, to_amount: 3625, to_unit: 'usd' })]), /same_account/);
  await assert.rejects(writeGroups([convertAmount({ ...inside, to_amount: 3625, to_unit: 'usd' })]), { code: '23514' });
  await postEntries([
    taken,
    convertAmount({ ...inside, to_amount: 5000, to_unit: 'cad' }),
    makeExchangeEntry(5000, 'cad', 3625, 'usd', accounts.refund),
  ]);
});

const entry = fc.record({
  amount: fc.integer({ min: 0, max: 5 }),
  unit: fc.constantFrom('usd', 'eur', 'jpy'),
  to_amount: fc.integer({ min: 0, max: 5 }),
  to_unit: fc.constantFrom('usd', 'eur', 'jpy'),
});

test('the database accepts an event if and only if it balances in each unit', async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 4 }), fc.boolean(), async (drawn, mirror) => {
      const given = drawn.map(({ amount, unit, to_amount, to_unit }) =>
        makeExchangeEntry(amount, unit, unit === to_unit ? amount : to_amount, to_unit),
      );
      const mirrored = given.map(({ orig_amount, orig_unit, dest_amount, dest_unit }) =>
        makeExchangeEntry(dest_amount, dest_unit, orig_amount, orig_unit, accounts.refund),
      );
      const entries = mirror ? [...given, ...mirrored] : given;
      const written = await writeGroups(entries).then(
        () => true,
        () => false,
      );
      assert.equal(written, unbalancedUnit(entries) === null);
      if (written) accepted += 1;
    }),
    { numRuns: 60 },
  );
  assert(accepted > 5, 'some events balance');
  assert.deepEqual(await allSums(), []);
  assert.deepEqual(
    (await verifyLedger(database.db)).violations.filter(({ rule }) => /balance|hold/.test(rule)),
    [],
  );
});

test('the ledger of a first version is verified after the migrations, with its conversions unchanged', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-migrations-'));
  const old = await openDatabase({ memory: true });
  try {
    for (const { name } of await readMigrations()) {
      if (name < '0013') await copyFile(join(migrationsFolder, name), join(folder, name));
    }
    await migrate(old.db, undefined, folder);
    const [seller, bank] = [await makeParty(old.db, 'seller'), await makeParty(old.db, 'bank')];
    await old.executeSql(`
      begin;
      insert into ledger_events (key, kind, created_at) values ('charge:ch_old', 'charge', now());
      insert into ledger_entries (ledger_event_id, rank, created_at, orig_profile_id, orig_account, orig_amount, orig_unit,
        dest_profile_id, dest_account, dest_amount, dest_unit)
      values (1, 0, now(), ${bank}, 'Funds', 9655, 'cad', ${seller}, 'Funds', 7000, 'usd'),
        (1, 1, now(), ${bank}, 'Funds', 500, 'usd', ${seller}, 'Funds', 500, 'usd');
      commit`);
    await migrate(old.db);
    const { events_count, entries_count, violations, chain } = await verifyLedger(old.db);
    assert.deepEqual(
      { events_count, entries_count, violations },
      { events_count: 1, entries_count: 2, violations: [] },
    );
    assert.equal(chain.last?.seal_id, 1, 'the migration seals the events of earlier versions');
    assert.equal(chain.unsealed_count, 0);
    const unbalanced = moveAmount({
      from: { profile_id: bank, account: accounts.funds },
      to: { profile_id: seller, account: accounts.funds },
      amount: 1,
      unit: 'usd',
      subject: null,
      description: 'A movement',
    });
    await assert.rejects(
      inTransaction(old.db, async (tx) => {
        await insertRows(tx, await insertEvent(tx), [{ ...unbalanced, dest_unit: 'eur', dest_amount: 1_000_000 }], 0);
      }),
      /does not balance/,
    );
  } finally {
    await old.close();
    await rm(folder, { recursive: true, force: true });
  }
});
