import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accounts, findBalance } from '#ledger';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { makeCharge } from '../../../test/support/factories/payments.ts';
import type { RefundReport } from '../processors/processor-refund.ts';
import { adoptRefunds, spreadRefund } from './adopt-refunds.ts';

let database: TestDatabase;
let ctx: TestContext;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
});
after(() => database.close());

const report = (processor_key: string, amount: number, more: Partial<RefundReport> = {}): RefundReport => ({
  processor_key,
  key: null,
  amount,
  state: 'succeeded',
  ...more,
});

/** The test processor, at which refunds were made without Tollgate. */
function withRefunds(reports: readonly RefundReport[]): TestContext {
  const processor = { ...ctx.processors.chosen, findRefunds: () => Promise.resolve([...reports]) };
  return { ...ctx, processors: { ...ctx.processors, chosen: processor, getByName: () => processor } };
}

test('an amount is spread over the lines in their order', () => {
  const lines = [{ refundable: 2000 }, { refundable: 0 }, { refundable: 1000 }];
  assert.deepEqual(spreadRefund(lines, 1500), [{ num: 0, refunded_amount: 1500 }]);
  assert.deepEqual(spreadRefund(lines, 2500), [
    { num: 0, refunded_amount: 2000 },
    { num: 2, refunded_amount: 500 },
  ]);
  assert.deepEqual(spreadRefund(lines, 3001), [
    { num: 0, refunded_amount: 2000 },
    { num: 2, refunded_amount: 1001 },
  ]);
});

test('a refund that was made at the processor is booked once, over the lines in their order', async () => {
  const payer = await makeParty(database.db);
  const provider = await makeParty(database.db);
  const { charge } = await makeCharge(ctx, { payer, provider, amounts: [2000, 1000] });
  const refunded = async () => (await findBalance(ctx.db, provider, accounts.refund))[0]?.amount ?? 0;
  const reports = [
    report('re_first', 2500),
    report('re_pending', 100, { state: 'pending' }),
    report('re_failed', 100, { state: 'failed' }),
    report('re_of_tollgate', 100, { key: 'key-of-a-refund-of-tollgate' }),
  ];
  await Promise.all([adoptRefunds(withRefunds(reports), charge), adoptRefunds(withRefunds(reports), charge)]);
  assert.equal(await refunded(), 2500);
  await adoptRefunds(withRefunds([...reports, report('re_second', 500)]), charge);
  await adoptRefunds(withRefunds([...reports, report('re_second', 500)]), charge);
  assert.equal(await refunded(), 3000);
  await assert.rejects(adoptRefunds(withRefunds([report('re_third', 1)]), charge), { message: /Cannot refund/ });
  assert.equal(await refunded(), 3000);
});
