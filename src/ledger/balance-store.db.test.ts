import type { Reader } from '#platform/db/database';
import { sql } from 'kysely';
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ProfileId, SubscriptionId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { openTestDatabase, type TestDatabase } from '../../test/support/database.ts';
import { next } from '../../test/support/factories.ts';
import { makeParty, makeSubject, orderEntry, paidEntry, writtenOffEntry } from '../../test/support/factories/ledger.ts';
import { findOwingSubjects, findStatementBalance, selectUnpaidOrders } from './balance-store.ts';
import { accounts, type Entry, moveAmount, type NewEntry } from './entry.ts';
import { postEvent } from './post-event.ts';
import type { LedgerSubject } from './subject.ts';

const at = new Date('2026-03-10T15:00:00Z');
const addMs = (ms: number) => new Date(at.getTime() + ms);
const findUnpaidOrders = async (reader: Reader, ...of: Parameters<typeof selectUnpaidOrders>): Promise<Entry[]> => {
  const { rows } = await sql<Entry>`${selectUnpaidOrders(...of)} order by entry.created_at desc, entry.id desc`.execute(
    reader,
  );
  return rows;
};

let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

let subscriptions = 100;
/** Makes a provider, a payer and a subject that no other test uses. */
async function makeSale(): Promise<{
  provider: ProfileId;
  payer: ProfileId;
  subject: LedgerSubject;
  id: SubscriptionId;
}> {
  subscriptions += 1;
  return {
    provider: await makeParty(database.db),
    payer: await makeParty(database.db),
    subject: makeSubject({ id: String(subscriptions) }),
    id: subscriptions as SubscriptionId,
  };
}

const postEntries = (...entries: NewEntry[]) =>
  inTransaction(database.db, (tx) => postEvent(tx, { key: next('event'), kind: 'test', at, entries }));

test('an order is due from its instant (inclusive) until it is paid', async () => {
  const sale = await makeSale();
  await postEntries(orderEntry({ ...sale, amount: 2000 }));
  const statement = (when: Date) => findStatementBalance(database.db, sale.payer, when);
  assert.deepEqual(await statement(addMs(-1)), { subjects: [], totals: [] });
  assert.deepEqual(await statement(at), {
    subjects: [{ subject: sale.subject, unit: 'usd', amount: 2000 }],
    totals: [{ unit: 'usd', amount: 2000 }],
  });
  await postEntries(paidEntry({ ...sale, amount: 2000, created_at: addMs(5) }));
  assert.deepEqual(await statement(addMs(4)), {
    subjects: [{ subject: sale.subject, unit: 'usd', amount: 2000 }],
    totals: [{ unit: 'usd', amount: 2000 }],
  });
  assert.deepEqual(await statement(addMs(5)), { subjects: [], totals: [] });
});

test('a written-off amount is not due, and a refund changes no balance due', async () => {
  const sale = await makeSale();
  await postEntries(orderEntry({ ...sale, amount: 2000 }));
  await postEntries(writtenOffEntry({ ...sale, amount: 500 }));
  await postEntries(
    moveAmount({
      from: { profile_id: sale.payer, account: accounts.refunded },
      to: { profile_id: sale.provider, account: accounts.refund },
      amount: 300,
      unit: 'usd',
      subject: makeSubject({ kind: 'cha', id: '1', part: '0' }),
      description: 'Refund',
    }),
  );
  assert.deepEqual((await findStatementBalance(database.db, sale.payer, at)).totals, [{ unit: 'usd', amount: 1500 }]);
});

test('amounts of different units are never added', async () => {
  const sale = await makeSale();
  await postEntries(orderEntry({ ...sale, amount: 2000 }), orderEntry({ ...sale, amount: 700, unit: 'cad' }));
  assert.deepEqual((await findStatementBalance(database.db, sale.payer, at)).totals, [
    { unit: 'cad', amount: 700 },
    { unit: 'usd', amount: 2000 },
  ]);
});

test('orders of another payer on the same subject are part of its balance', async () => {
  const sale = await makeSale();
  const friend = await makeParty(database.db);
  await postEntries(orderEntry({ ...sale, amount: 2000 }), orderEntry({ ...sale, payer: friend, amount: 900 }));
  await postEntries(paidEntry({ ...sale, amount: 900 }));
  assert.deepEqual((await findStatementBalance(database.db, sale.payer, at)).totals, [{ unit: 'usd', amount: 2000 }]);
});

test('payments settle the oldest orders first', async () => {
  const sale = await makeSale();
  await postEntries(
    orderEntry({ ...sale, amount: 1000, description: 'first' }),
    orderEntry({ ...sale, amount: 0, description: 'free', created_at: addMs(1) }),
    orderEntry({ ...sale, amount: 2000, description: 'second', created_at: addMs(2) }),
    orderEntry({ ...sale, amount: 3000, description: 'third', created_at: addMs(3) }),
  );
  const unpaid = async () =>
    (await findUnpaidOrders(database.db, sale.payer, addMs(10))).map((each) => each.description);
  assert.deepEqual(await unpaid(), ['third', 'second', 'first']);
  await postEntries(paidEntry({ ...sale, amount: 1000 }));
  assert.deepEqual(await unpaid(), ['third', 'second']);
  await postEntries(paidEntry({ ...sale, amount: 2500 }));
  assert.deepEqual(await unpaid(), ['third']);
  await postEntries(paidEntry({ ...sale, amount: 2500 }));
  assert.deepEqual(await unpaid(), []);
});

test('a subject owes money while an amount is due on it or a part of it, and subjects with similar ids do not', async () => {
  const [owing, free, using, paid] = [await makeSale(), await makeSale(), await makeSale(), await makeSale()];
  await postEntries(
    orderEntry({ ...owing, amount: 2000 }),
    orderEntry({ ...free, amount: 0 }),
    orderEntry({ ...using, subject: { ...using.subject, part: 'requests' }, amount: 30 }),
    orderEntry({ ...paid, amount: 2000 }),
    paidEntry({ ...paid, amount: 2000 }),
    // Its id starts with the digits of another id.
    orderEntry({ ...paid, subject: makeSubject({ id: `${paid.id}0` }), amount: 10 }),
  );
  const held = [owing, free, using, paid].map(({ id, payer }) => ({ kind: 'sub', id: String(id), owner_id: payer }));
  assert.deepEqual(await findOwingSubjects(database.db, held), [held[0], held[2]]);
  assert.deepEqual(await findOwingSubjects(database.db, []), []);
});

test('an unpaid gift of another payer does not make a subject owe money', async () => {
  const [sale, giver] = [await makeSale(), await makeSale()];
  await postEntries(orderEntry({ ...sale, amount: 2000 }), paidEntry({ ...sale, amount: 2000 }));
  await postEntries(
    moveAmount({
      from: { profile_id: sale.payer, account: 'Payable' },
      to: { profile_id: sale.payer, account: 'Liability' },
      amount: 2000,
      unit: 'usd',
      subject: sale.subject,
      description: 'Keep a balanced ledger',
    }),
    orderEntry({ ...sale, payer: giver.payer, amount: 5000 }),
  );
  const held = { kind: 'sub', id: String(sale.id), owner_id: sale.payer };
  assert.deepEqual(await findOwingSubjects(database.db, [held]), []);
  await postEntries(orderEntry({ ...sale, amount: 300 }));
  assert.deepEqual(await findOwingSubjects(database.db, [held]), [held], 'its own order does');
});
