import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { type RawBuilder, sql } from 'kysely';
import { inTransaction } from '#platform/db/database';
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { next } from '../../test/support/factories.ts';
import { makeParty, makeSubject, orderEntry, paidEntry } from '../../test/support/factories/ledger.ts';
import { findBalance, findStatementBalance } from './balance-store.ts';
import { accounts, type NewEntry } from './entry.ts';
import { postEvent, postEvents } from './post-event.ts';
import { rebuildBalances } from './rebuild-balances.ts';
import { verifyLedger } from './verification/index.ts';

const at = new Date('2026-03-10T15:00:00Z');
let database: TestDatabase;
let sale: Omit<Parameters<typeof orderEntry>[0], 'amount'>;
before(async () => {
  database = await openTestDatabase();
});
beforeEach(async () => {
  sale = {
    provider: await makeParty(database.db),
    payer: await makeParty(database.db),
    subject: makeSubject(),
  };
});
after(() => database.close());

const post = (...entries: NewEntry[]) =>
  inTransaction(database.db, (tx) => postEvent(tx, { key: next('event'), kind: 'test', at, entries }));

/** Runs statements without triggers, as a restore of data only does. */
const bypass = (...statements: RawBuilder<unknown>[]) =>
  inTransaction(database.db, async (tx) => {
    await sql`set local session_replication_role = replica`.execute(tx);
    for (const statement of statements) await statement.execute(tx);
  });

const findViolations = async () => (await verifyLedger(database.db)).violations;

test('verification reports each changed balance, and a rebuild restores all of them', async () => {
  await post(orderEntry({ ...sale, amount: 2000 }), orderEntry({ ...sale, amount: 300 }));
  await post(paidEntry({ ...sale, amount: 500 }));
  const { provider, payer, subject } = sale;
  const of_payer = sql`profile_id = ${payer}`;
  const of_subject = sql`subject_id = ${subject.id}`;
  const account = 'the balance of an account is the sum of its entries';
  const due = 'the amounts due and payable on a subject are the sums of its entries';
  const taken = 'what income of a subject is taken from is the sum of its entries';
  const tampered: [RawBuilder<unknown>, string, string][] = [
    [sql`update ledger_balances set amount = amount + 1 where ${of_payer}`, account, `profile ${payer}`],
    [sql`update ledger_balances set amount = 0 where profile_id = ${provider}`, account, `profile ${provider}`],
    [sql`delete from ledger_balances where ${of_payer}`, account, `profile ${payer}`],
    [
      sql`insert into ledger_balances (profile_id, account, unit, amount) values (${payer}, 'Funds', 'usd', 1)`,
      account,
      `profile ${payer}, account Funds`,
    ],
    [sql`update ledger_subject_balances set amount = 0 where ${of_subject} and profile_id is null`, due, subject.id],
    [sql`update ledger_subject_balances set amount = 0 where ${of_subject} and ${of_payer}`, due, `usd,${payer}`],
    [sql`update ledger_subject_balances set open_until = ${at} where ${of_payer}`, due, subject.id],
    [sql`update ledger_subject_balances set ordered_at = now() where ${of_payer}`, due, subject.id],
    [sql`delete from ledger_subject_balances where ${of_payer}`, due, subject.id],
    [sql`update ledger_subject_incomes set backlog = backlog + 1 where ${of_subject}`, taken, subject.id],
    [sql`update ledger_subject_incomes set has_write_off = true where ${of_subject}`, taken, subject.id],
    [sql`delete from ledger_subject_incomes where ${of_subject}`, taken, subject.id],
  ];
  const statement = await findStatementBalance(database.db, payer, at);
  for (const [change, rule, where] of tampered) {
    await bypass(change);
    const found = await findViolations();
    assert.ok(found.length > 0 && found.every((each) => each.rule === rule && each.where.includes(where)), where);
    await rebuildBalances(database.db);
  }
  assert.deepEqual(await findViolations(), []);
  assert.deepEqual(await findStatementBalance(database.db, payer, at), statement);
  assert.deepEqual(statement.totals, [{ unit: 'usd', amount: 1800 }]);
  await post(paidEntry({ ...sale, amount: 1800 }));
  assert.deepEqual((await findStatementBalance(database.db, payer, at)).totals, []);
  assert.deepEqual(await findBalance(database.db, payer, accounts.payable), [{ unit: 'usd', amount: 2300 }]);
});

test('a rebuild names the accounts whose balance cannot be stored, and changes nothing', async () => {
  await post(orderEntry({ ...sale, amount: 2000 }));
  const rows = sql`insert into ledger_entries (ledger_event_id, rank, created_at, orig_profile_id, orig_account,
      orig_amount, orig_unit, dest_profile_id, dest_account, dest_amount, dest_unit)
    select ledger_event_id, rank + 1000 + n, created_at, orig_profile_id, 'Funds', 9000000000000000000, 'usd',
      dest_profile_id, 'Offline', 9000000000000000000, 'usd'
    from ledger_entries, generate_series(1, 2) n where dest_profile_id = ${sale.payer}`;
  await bypass(rows);
  await assert.rejects(rebuildBalances(database.db), (error: Error) => {
    assert.match(error.message, /balances that exceed the range of bigint; nothing was changed/);
    assert.ok(error.message.includes(`profile ${sale.payer}, account Offline: 18000000000000000000 usd`));
    assert.ok(error.message.includes(`profile ${sale.provider}, account Funds: -18000000000000000000 usd`));
    return true;
  });
  assert.deepEqual(await findBalance(database.db, sale.payer, accounts.payable), [{ unit: 'usd', amount: 2000 }]);
  await bypass(sql`delete from ledger_entries where rank >= 1000`);
  await rebuildBalances(database.db);
  assert.deepEqual(await findViolations(), []);
});

/** Subjects of the changes that `work` wrote. */
async function findOwingChanges(work: () => Promise<unknown>): Promise<string[]> {
  const last = async () => {
    const { rows } = await sql<{ id: number; subject: string }>`
      select id, subject from changes where kind = 'owing' order by id`.execute(database.db);
    return rows;
  };
  const former = new Set((await last()).map(({ id }) => id));
  await work();
  return (await last()).filter(({ id }) => !former.has(id)).map(({ subject }) => subject);
}

test('a change row is written once per statement and subject whose amount due or Payable changes', async () => {
  const other = makeSubject();
  const part = { ...sale.subject, part: 'requests' };
  const [first, second] = [`sub:${sale.subject.id}`, `sub:${other.id}`];
  const orders = [
    orderEntry({ ...sale, amount: 2000 }),
    orderEntry({ ...sale, subject: part, amount: 30 }),
    orderEntry({ ...sale, subject: other, amount: 10 }),
  ];
  assert.deepEqual((await findOwingChanges(() => post(...orders))).toSorted(), [first, second].toSorted());
  assert.deepEqual(await findOwingChanges(() => post(paidEntry({ ...sale, amount: 2000 }))), [first]);
  const event = (entry: NewEntry) => ({ key: next('event'), kind: 'test', at, entries: [entry] });
  const free = orderEntry({ ...sale, amount: 0 });
  assert.deepEqual(await findOwingChanges(() => post(free)), [], 'no amount');
  const rolled_back = () =>
    inTransaction(database.db, async (tx) => {
      await postEvents(tx, [event(orderEntry({ ...sale, amount: 5 }))]);
      throw new Error('rolled back');
    }).catch(() => {});
  assert.deepEqual(await findOwingChanges(rolled_back), []);
});
