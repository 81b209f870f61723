import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parseListQuery, type RawListQuery } from '#kernel/page';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { findCountErrors, foldListCounts } from '#platform/lists/row-count-store';
import { testContext, type TestContext } from '../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { next } from '../../test/support/factories.ts';
import { makeParty, makeSubject, orderEntry, paidEntry, writtenOffEntry } from '../../test/support/factories/ledger.ts';
import { accounts, moveAmount, type NewEntry } from './entry.ts';
import { listBalance, listHistory, listReceivables, listTransactions, listTransfers } from './list-transactions.ts';
import { postEvent } from './post-event.ts';

let database: TestDatabase;
let ctx: TestContext;
let processor: ProfileId;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
  processor = (
    await database.db.selectFrom('profiles').select('id').where('is_processor', '=', true).executeTakeFirstOrThrow()
  ).id;
});
after(() => database.close());

const makeRequest = (raw: RawListQuery = {}) => ({
  list: parseListQuery(raw, (text) => new Date(text)),
  url: new URL('http://cowork.test/api/billing/xia/history'),
});
const minutes = (count: number) => new Date(ctx.clock.now().getTime() + count * 60_000);

async function postEntries(key: string, kind: string, at: Date, entries: NewEntry[], receipt_key?: string) {
  const receipt = receipt_key === undefined ? {} : { receipt_key };
  return inTransaction(database.db, (tx) => postEvent(tx, { key, kind, ...receipt, at, entries }));
}

/** Makes a sale of 20.00 an hour ago, paid ten minutes later, and an unpaid sale of 7.00 half an hour ago. */
async function makeAccount() {
  const provider = await makeParty(database.db);
  const payer = await makeParty(database.db);
  const subject = makeSubject();
  const key = next('ch');
  await postEntries(next('order'), 'order', minutes(-60), [orderEntry({ provider, payer, amount: 2000, subject })]);
  const description = `Charge ${key} on credit card of <b>Joe</b> (xia)`;
  const payment = [
    moveAmount({
      from: { profile_id: payer, account: accounts.liability },
      to: { profile_id: processor, account: accounts.funds },
      amount: 2000,
      unit: 'usd',
      subject: makeSubject({ kind: 'cha', id: '1' }),
      description,
    }),
    moveAmount({
      from: { profile_id: payer, account: accounts.payable },
      to: { profile_id: payer, account: accounts.liability },
      amount: 2000,
      unit: 'usd',
      subject,
      description: 'Keep a balanced ledger',
    }),
    paidEntry({ provider, amount: 2000, subject }),
    moveAmount({
      from: { profile_id: processor, account: accounts.funds },
      to: { profile_id: provider, account: accounts.funds },
      amount: 1912,
      unit: 'usd',
      subject: makeSubject({ kind: 'cha', id: '1' }),
      description: `Charge ${key} distribution for xia:basic`,
    }),
  ];
  await postEntries(`charge:${key}`, 'charge', minutes(-50), payment, key);
  await postEntries(next('order'), 'order', minutes(-30), [
    orderEntry({ provider, payer, amount: 700, subject, description: 'Buy 7 basic Requests' }),
  ]);
  return { provider, payer, key, subject };
}

test('the balance lists unpaid orders with the amount due', async () => {
  const { payer } = await makeAccount();
  const page = await listBalance(ctx, payer, makeRequest());
  assert.deepEqual(
    page.results.map(({ description, amount, is_debit }) => [description, amount, is_debit]),
    [['Buy 7 basic Requests', '$7.00', false]],
  );
  assert.deepEqual([page.balance_amount, page.balance_unit, page.count], [700, 'usd', 1]);
  assert.deepEqual([page.start_at, page.ends_at], [null, ctx.clock.now().toISOString()]);
});

test('a profile without debts has a balance of 0 in the default unit', async () => {
  const page = await listBalance(ctx, await makeParty(database.db), makeRequest());
  assert.deepEqual([page.balance_amount, page.balance_unit, page.results], [0, 'usd', []]);
});

test('the history lists orders and charges, oldest first, with the amount due now', async () => {
  const { payer, key } = await makeAccount();
  const slug = (
    await database.db.selectFrom('profiles').select('slug').where('id', '=', payer).executeTakeFirstOrThrow()
  ).slug;
  const page = await listHistory(ctx, payer, makeRequest());
  assert.deepEqual(
    page.results.map(({ description, amount, is_debit }) => [description, amount, is_debit]),
    [
      ['Subscription to basic until 2026/02/28 (1 month)', '$20.00', false],
      [
        `Charge <a href="/billing/${slug}/receipt/${key}/">${key}</a> on credit card of &lt;b&gt;Joe&lt;/b&gt; (xia)`,
        '($20.00)',
        true,
      ],
      ['Buy 7 basic Requests', '$7.00', false],
    ],
  );
  assert.equal(page.balance_amount, 700);
});

test('ends_at is exclusive, and future entries are not listed', async () => {
  const { payer, provider, subject } = await makeAccount();
  await postEntries(next('order'), 'order', minutes(5), [orderEntry({ provider, payer, amount: 1, subject })]);
  assert.equal((await listHistory(ctx, payer, makeRequest())).count, 3);
  assert.equal((await listHistory(ctx, payer, makeRequest({ ends_at: minutes(-30).toISOString() }))).count, 2);
  assert.equal((await listHistory(ctx, payer, makeRequest({ start_at: minutes(-30).toISOString() }))).count, 1);
});

test('an entry at the present instant is listed', async () => {
  const { payer, provider, subject } = await makeAccount();
  await postEntries(next('order'), 'order', ctx.clock.now(), [orderEntry({ provider, payer, amount: 1, subject })]);
  assert.equal((await listHistory(ctx, payer, makeRequest())).count, 4);
  assert.equal((await listBalance(ctx, payer, makeRequest())).balance_amount, 701);
});

test('receivables list the sales of a provider with the sum of the listed entries', async () => {
  const { provider, payer, subject } = await makeAccount();
  await postEntries(next('writeoff'), 'writeoff', minutes(-10), [
    writtenOffEntry({ provider, payer, amount: 700, subject }),
  ]);
  const all = await listReceivables(ctx, provider, makeRequest());
  assert.deepEqual([all.count, all.balance_amount], [2, 2700]);
  const some = await listReceivables(ctx, provider, makeRequest({ q: 'requests' }));
  assert.deepEqual([some.count, some.balance_amount], [1, 700]);
});

test('transfers list the entries on the funds of a provider, with received less sent amounts', async () => {
  const { provider } = await makeAccount();
  await postEntries(next('po'), 'payout', minutes(-5), [
    moveAmount({
      from: { profile_id: provider, account: accounts.funds },
      to: { profile_id: processor, account: accounts.withdraw },
      amount: 1000,
      unit: 'usd',
      subject: makeSubject({ kind: 'po', id: '1', part: null }),
      description: 'withdraw',
    }),
  ]);
  const page = await listTransfers(ctx, provider, makeRequest());
  assert.deepEqual(
    page.results.map(({ amount, is_debit }) => [amount, is_debit]),
    [
      ['$19.12', false],
      ['($10.00)', true],
    ],
  );
  assert.equal(page.balance_amount, 912);
});

test('counts and balances of sales, funds and history from the totals equal those of the entries', async () => {
  const { provider, payer, subject } = await makeAccount();
  const compare = async (state: string) => {
    for (const [list, profile_id] of [
      [listReceivables, provider],
      [listTransfers, provider],
      [listTransfers, processor],
      [listHistory, payer],
      // Both sides of an entry.
      [listHistory, provider],
    ] as const) {
      const whole = await list(ctx, profile_id, makeRequest());
      // A list of a requested period reads the entries.
      const read = await list(ctx, profile_id, makeRequest({ start_at: '2000-01-01T00:00:00Z' }));
      assert.deepEqual([whole.count, whole.balances], [read.count, read.balances], state);
      assert.ok(whole.count > 0 || profile_id === provider);
    }
    assert.deepEqual(await findCountErrors(database.db), [], state);
  };
  await compare('not totalled');
  for (let run = 0; run < 3; run += 1) await foldListCounts(database.db);
  await compare('totalled');
  const funds = (profile_id: ProfileId) => ({ profile_id, account: accounts.funds });
  const move = { amount: 300, unit: 'usd', subject: makeSubject({ kind: 'cha', id: '1' }), description: 'Move' };
  await postEntries(next('order'), 'order', minutes(-1), [orderEntry({ provider, payer, amount: 40, subject })]);
  await postEntries(next('move'), 'charge', minutes(-1), [
    moveAmount({ ...move, from: funds(processor), to: funds(provider) }),
  ]);
  const debt = { amount: 25, unit: 'usd', subject, description: 'Between accounts of one profile' };
  await postEntries(next('own'), 'order', minutes(-1), [
    moveAmount({
      ...debt,
      from: { profile_id: payer, account: accounts.refunded },
      to: { profile_id: payer, account: accounts.liability },
    }),
    moveAmount({
      ...debt,
      from: { profile_id: payer, account: accounts.liability },
      to: { profile_id: provider, account: accounts.writeoff },
    }),
    moveAmount({
      ...debt,
      from: { profile_id: provider, account: accounts.chargeback },
      to: { profile_id: payer, account: accounts.refunded },
    }),
  ]);
  await compare('with later entries');
  await postEntries(next('order'), 'order', minutes(30), [orderEntry({ provider, payer, amount: 60, subject })]);
  await postEntries(next('move'), 'charge', minutes(30), [
    moveAmount({ ...move, from: funds(processor), to: funds(provider) }),
  ]);
  await compare('with entries in the future');
  for (let run = 0; run < 3; run += 1) await foldListCounts(database.db);
  await compare('with entries in the future, totalled');
});

test('the broker searches the ledger by names of profiles and sorts it by amount', async () => {
  const { payer, provider } = await makeAccount();
  const slug = (
    await database.db.selectFrom('profiles').select('slug').where('id', '=', provider).executeTakeFirstOrThrow()
  ).slug;
  const page = await listHistory(ctx, payer, makeRequest({ q: slug, q_f: 'orig_profile', o: '-amount' }));
  assert.deepEqual(
    page.results.map(({ amount }) => amount),
    ['$20.00', '$7.00'],
  );
});

test('a selector matches accounts by part of their name, and the balance is that of these accounts', async () => {
  await makeAccount();
  const receivable = await listTransactions(ctx, 'receivab', makeRequest());
  const expected = await database.db
    .selectFrom('ledger_entries')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where((eb) => eb.or([eb('orig_account', '=', 'Receivable'), eb('dest_account', '=', 'Receivable')]))
    .where('created_at', '<=', ctx.clock.now())
    .executeTakeFirstOrThrow();
  assert.equal(receivable.count, expected.count);
  assert(receivable.balance_amount < 0);
  assert.equal((await listTransactions(ctx, '', makeRequest())).balance_amount, 0);
  assert.equal((await listTransactions(ctx, "x' or true", makeRequest())).count, 0);
});
