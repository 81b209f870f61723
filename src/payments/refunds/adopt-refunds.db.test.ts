import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accounts, findBalance } from '#ledger';
import { inTransaction } from '#platform/db/database';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { makeCharge } from '../../../test/support/factories/payments.ts';
import type { RefundReport } from '../processors/processor-refund.ts';
import { adoptRefunds, spreadRefund } from './adopt-refunds.ts';
import { reserveRefund } from './reserve-refund.ts';
import { settleRefund } from './settle-refund.ts';

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

async function chargeOf(amounts: number[]) {
  const [payer, provider] = [await makeParty(database.db), await makeParty(database.db)];
  const { charge } = await makeCharge(ctx, { payer, provider, amounts });
  return { charge, provider };
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
  const { charge, provider } = await chargeOf([2000, 1000]);
  const refunded = async () => (await findBalance(ctx.db, provider, accounts.refund))[0]?.amount ?? 0;
  const reports = [
    report('re_first', 2400),
    report('re_pending', 100, { state: 'pending' }),
    report('re_failed', 100, { state: 'failed' }),
    report('re_foreign', 100, { key: 'key-of-a-refund-of-another-site' }),
  ];
  await Promise.all([adoptRefunds(withRefunds(reports), charge), adoptRefunds(withRefunds(reports), charge)]);
  assert.equal(await refunded(), 2500);
  await adoptRefunds(withRefunds([...reports, report('re_second', 500)]), charge);
  await adoptRefunds(withRefunds([...reports, report('re_second', 500)]), charge);
  assert.equal(await refunded(), 3000);
  await assert.rejects(adoptRefunds(withRefunds([report('re_third', 1)]), charge), { message: /Cannot refund/ });
  assert.equal(await refunded(), 3000);
});

test('a refund that was taken for failed is booked once when the processor made it', async () => {
  const { charge, provider } = await chargeOf([2000]);
  const at = ctx.clock.now();
  const options = { terms: ctx.processors.chosen, created_by: null, at };
  const refund = await inTransaction(ctx.db, async (tx) => {
    const reserved = await reserveRefund(tx, charge.id, [{ num: 0, refunded_amount: 700 }], options);
    await settleRefund(tx, ctx.processors, reserved, { outcome: 'refused', detail: 'never received' }, at);
    return reserved;
  });
  const late = withRefunds([report('re_late', 700, { key: refund.key })]);
  await Promise.all([adoptRefunds(late, charge), adoptRefunds(late, charge)]);
  assert.equal((await findBalance(ctx.db, provider, accounts.refund))[0]?.amount, 700);
});
