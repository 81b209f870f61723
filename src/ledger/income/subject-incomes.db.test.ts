import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { inTransaction } from '#platform/db/database';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { next } from '../../../test/support/factories.ts';
import {
  makeParty,
  makeSubject,
  orderEntry,
  paidEntry,
  writtenOffEntry,
} from '../../../test/support/factories/ledger.ts';
import { subjectRows } from '../balance-store.ts';
import { moveAmount } from '../entry.ts';
import { postEvent } from '../post-event.ts';
import { findSubjectIncomes, selectSubjectIncomes } from './subject-income-store.ts';

const at = new Date('2026-03-10T15:00:00Z');
let database: TestDatabase;
before(async () => {
  database = await openTestDatabase();
});
after(() => database.close());

/** Posts orders with their payment and income on a subject of its own. */
async function makeHistory(orders: number, written_off = 0) {
  const { db } = database;
  const sale = { provider: await makeParty(db), payer: await makeParty(db), subject: makeSubject() };
  const earn = (amount: number) =>
    moveAmount({
      from: { profile_id: sale.provider, account: 'Income' },
      to: { profile_id: sale.provider, account: 'Backlog' },
      amount,
      unit: 'usd',
      subject: sale.subject,
      description: 'Recognize',
      created_at: at,
    });
  const post = (entries: Parameters<typeof postEvent>[1]['entries']) =>
    inTransaction(db, (tx) => postEvent(tx, { key: next('event'), kind: 'test', at, entries }));
  for (let order = 0; order < orders; order += 1)
    await post([orderEntry({ ...sale, amount: 1000 }), paidEntry({ ...sale, amount: 900 }), earn(400)]);
  if (written_off > 0) await post([writtenOffEntry({ ...sale, amount: written_off })]);
  return sale.subject;
}

/** Rows that the scans of a plan read. */
function rowsRead(plan: unknown): number {
  if (typeof plan !== 'object' || plan === null) return 0;
  const node = plan as Record<string, unknown>; // a node of EXPLAIN (FORMAT JSON)
  const inner = Object.values(node).filter((value) => typeof value === 'object');
  const own = 'Relation Name' in node ? Number(node['Actual Rows']) * Number(node['Actual Loops']) : 0;
  return own + inner.reduce<number>((sum, value) => sum + rowsRead(value), 0);
}

async function countRows(subject: Awaited<ReturnType<typeof makeHistory>>): Promise<number> {
  const query = selectSubjectIncomes(subjectRows([subject]));
  const { rows } = await sql<Record<string, unknown>>`explain (analyze, format json) ${query}`.execute(database.db);
  return rowsRead(rows);
}

test('what income is taken from is read in as many rows after forty orders as after one', async () => {
  const [short, long] = [await makeHistory(1), await makeHistory(40)];
  assert.deepEqual([await countRows(short), await countRows(long)], [1, 1]);
  const [income] = await findSubjectIncomes(database.db, [long]);
  const amounts = { backlog: 500 * 40, due: 100 * 40, canceled: 0, canceled_earned: 0, advanced: 0, income: 400 * 40 };
  assert.deepEqual(income, { subject: long, unit: 'usd', ...amounts, is_converted: false });
});

test('the entries of a subject are read only if a part of it was written off', async () => {
  const subject = await makeHistory(3, 50);
  assert.ok((await countRows(subject)) > 9, 'the entries are read');
  const [income] = await findSubjectIncomes(database.db, [subject]);
  assert.deepEqual([income?.due, income?.canceled, income?.canceled_earned], [250, 50, 0]);
});
