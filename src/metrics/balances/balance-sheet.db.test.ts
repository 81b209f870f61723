import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accounts, moveAmount, postEvent } from '#ledger';
import { inTransaction } from '#platform/db/database';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { addBalanceLine } from './add-balance-line.ts';
import { reportBalances } from './report-balances.ts';
import { makeSubject } from '../../../test/support/factories/ledger.ts';

let database: TestDatabase;
let ctx: TestContext;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db, { now: new Date('2026-03-15T19:00:00Z') });
});
after(() => database.close());

async function order(at: string, amount: number, unit = 'usd'): Promise<void> {
  const customer = await ctx.db
    .selectFrom('profiles')
    .select('id')
    .where('slug', '=', 'stripe')
    .executeTakeFirstOrThrow();
  const entry = moveAmount({
    from: { profile_id: ctx.site.broker_id, account: accounts.receivable },
    to: { profile_id: customer.id, account: accounts.payable },
    amount,
    unit,
    subject: makeSubject({ id: '1' }),
    description: 'Ordered',
  });
  await inTransaction(ctx.db, (tx) =>
    postEvent(tx, { key: `order:${at}:${unit}`, kind: 'order', at: new Date(at), entries: [entry] }),
  );
}

test('a sheet shows balances at local midnight, exclusive, in the default unit', async () => {
  await order('2026-02-01T07:59:59Z', 2000); // January 31 in Los Angeles
  await order('2026-02-01T08:00:00Z', 300); // the first moment of February there
  await order('2026-03-15T18:59:59Z', 1);
  await order('2026-03-15T19:00:00Z', 50_000); // at the end, which is exclusive
  await order('2026-02-10T00:00:00Z', 7777, 'eur');
  await addBalanceLine(ctx, { report: 'taxes', title: 'Sales', selector: 'receivable', rank: 1 });
  const { definition, ...sheet } = await reportBalances(ctx, 'taxes', { nb_periods: 3 });
  assert.match(definition, /received less what they sent/);
  assert.deepEqual(sheet, {
    title: 'Balances: taxes',
    unit: 'usd',
    scale: 0.01,
    results: [
      {
        slug: 'sales',
        title: 'Sales',
        selector: 'receivable',
        extra: null,
        values: [
          ['2026-01-01T08:00:00.000Z', 0],
          ['2026-02-01T08:00:00.000Z', -2000],
          ['2026-03-01T08:00:00.000Z', -2300],
          ['2026-03-15T19:00:00.000Z', -2301],
        ],
        links: ['2026-01-01T08', '2026-02-01T08', '2026-03-01T08', '2026-03-15T19'].map(
          (hour) => `${ctx.origin}/api/billing/transactions?selector=receivable&ends_at=${hour}%3A00%3A00.000Z`,
        ),
      },
    ],
  });
});

test('a line over all accounts is zero at every bound', async () => {
  await addBalanceLine(ctx, { report: 'zero', title: 'All', selector: '', rank: 1 });
  const { results } = await reportBalances(ctx, 'zero', { nb_periods: 1, ends_at: '2027-01-01' });
  assert.deepEqual(
    results[0]?.values.map(([, amount]) => amount),
    [0, 0],
  );
});

test('a report without lines is empty, and an end that is not an instant is rejected', async () => {
  assert.deepEqual((await reportBalances(ctx, 'nothing', {})).results, []);
  await assert.rejects(reportBalances(ctx, 'taxes', { ends_at: 'soon' }), { code: 'invalid_input' });
});
