import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accounts, findBalance, findEventEntries, findStatementBalance, verifyLedger } from '#ledger';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { linesOf, makeAttempt, makeCharge } from '../../../test/support/factories/payments.ts';
import type { Charge } from '../records/charge.ts';
import { type TestCharge, decideTestCharge } from '../processors/test/test-processor-store.ts';
import { callProcessor, findOutcome } from '../charges/call-processor.ts';
import { recordCharge } from '../charges/record-charge.ts';
import { settleDisputes, settlePendingCharges } from '../charges/settle-pending-charges.ts';
import { isAccepted } from '../processors/processor.ts';
import { findChargeById } from '../records/charge-store.ts';
import { refreshCharge } from '../charges/refresh-charge.ts';
import { refundCharge } from '../refunds/refund-charge.ts';

let database: TestDatabase;
let ctx: TestContext;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
});
after(() => database.close());

const findBalanceAmount = async (profile: ProfileId, account: Parameters<typeof findBalance>[2]) =>
  (await findBalance(ctx.db, profile, account))[0]?.amount ?? 0;

/** Decides the charge at the processor and delivers the evidence. */
async function decideCharge(charge: Charge, state: TestCharge['state']): Promise<Charge> {
  await inTransaction(ctx.db, (tx) => decideTestCharge(tx, charge.processor_key, state));
  return refreshCharge(ctx, charge);
}

async function makeSale(amounts = [17999], broker_fee_percent = 1000) {
  const payer = await makeParty(database.db);
  const provider = await makeParty(database.db);
  const { charge } = await makeCharge(ctx, { payer, provider, amounts, broker_fee_percent });
  return { payer, provider, charge };
}

test('a dispute debits the whole line and a fee, even below zero funds', async () => {
  const broker_before = await findBalanceAmount(ctx.site.broker_id, accounts.funds);
  const { payer, provider, charge } = await makeSale();
  assert.equal((await decideCharge(charge, 'disputed')).state, 'disputed');
  assert.equal(await findBalanceAmount(payer, accounts.refunded), -17999);
  assert.equal(await findBalanceAmount(provider, accounts.chargeback), 17999);
  assert.equal(await findBalanceAmount(provider, accounts.funds), -1500);
  assert.equal(await findBalanceAmount(ctx.site.broker_id, accounts.funds), broker_before);
});

test('a provider with several lines pays the fee of a dispute once', async () => {
  const { provider, charge } = await makeSale([3333, 1667], 0);
  await decideCharge(charge, 'disputed');
  assert.equal(await findBalanceAmount(provider, accounts.funds), -1500);
  assert.equal(await findBalanceAmount(provider, accounts.chargeback), 5000);
});

test('a won dispute restores every balance', async () => {
  const { payer, provider, charge } = await makeSale();
  await decideCharge(charge, 'disputed');
  assert.equal((await decideCharge(charge, 'done')).state, 'done');
  assert.equal(await findBalanceAmount(provider, accounts.funds), 15648);
  assert.equal(await findBalanceAmount(provider, accounts.chargeback), 0);
  assert.equal(await findBalanceAmount(payer, accounts.refunded), 0);
});

test('a charge can be disputed again after it was won', async () => {
  const { provider, charge } = await makeSale();
  for (const state of ['disputed', 'done', 'disputed', 'done', 'disputed'] as const) await decideCharge(charge, state);
  assert.equal(await findBalanceAmount(provider, accounts.funds), -1500);
});

test('S60: a dispute that was won before it was seen is booked and reversed', async () => {
  const { provider, charge } = await makeSale();
  for (const state of ['disputed', 'done'] as const)
    await inTransaction(ctx.db, (tx) => decideTestCharge(tx, charge.processor_key, state));
  assert.equal((await refreshCharge(ctx, charge)).state, 'done');
  assert.equal(await findBalanceAmount(provider, accounts.funds), 15648);
  assert((await findEventEntries(ctx.db, `dispute:${charge.processor_key}:1:reverted`))?.length === 5);
});

test('a dispute that was lost can be won by an appeal', async () => {
  const { provider, charge } = await makeSale();
  for (const state of ['disputed', 'lost'] as const) await decideCharge(charge, state);
  assert.equal((await decideCharge(charge, 'done')).state, 'done');
  assert.equal(await findBalanceAmount(provider, accounts.funds), 15648);
});

test('a lost dispute books nothing more, and the balance due does not change', async () => {
  const { payer, provider, charge } = await makeSale();
  await decideCharge(charge, 'disputed');
  assert.equal((await decideCharge(charge, 'failed')).state, 'failed');
  assert.equal(await findBalanceAmount(provider, accounts.funds), -1500);
  assert.deepEqual((await findStatementBalance(ctx.db, payer, ctx.clock.now())).totals, []);
});

test('a dispute debits only the amount that was not refunded', async () => {
  const { payer, provider, charge } = await makeSale([2000], 0);
  const broker = { profile_id: null, user_id: null, relation: 'broker', is_manager: true } as const;
  await refundCharge(ctx, broker, charge, [{ num: 0, refunded_amount: 500 }]);
  await decideCharge(charge, 'disputed');
  assert.equal(await findBalanceAmount(payer, accounts.refunded), -2000);
  assert.equal(await findBalanceAmount(provider, accounts.chargeback), 1500);
  assert.equal(await findBalanceAmount(provider, accounts.funds), -1500);
});

for (const [state, recorded] of [
  ['disputed', 'disputed'],
  ['lost', 'failed'],
] as const) {
  test(`a payment that is ${state} before it was recorded books the payment and the dispute`, async () => {
    const payer = await makeParty(database.db);
    const provider = await makeParty(database.db);
    const { attempt, orders } = await makeAttempt(ctx, { payer, provider, amounts: [17999] });
    const accepted = await callProcessor(ctx, attempt);
    assert(isAccepted(accepted));
    await inTransaction(ctx.db, (tx) => decideTestCharge(tx, accepted.processor_key, state));
    const outcome = await findOutcome(ctx, attempt);
    assert(isAccepted(outcome));
    const charge = await inTransaction(ctx.db, (tx) =>
      recordCharge(tx, attempt, outcome, linesOf(orders, 1000), ctx.clock.now()),
    );
    assert.equal(charge.state, 'created');
    await settlePendingCharges(ctx);
    assert.equal((await findChargeById(ctx.db, charge.id))?.state, recorded);
    assert.equal(await findBalanceAmount(provider, accounts.chargeback), 17999);
    assert.equal(await findBalanceAmount(provider, accounts.funds), -1500);
    assert.deepEqual((await findStatementBalance(ctx.db, payer, ctx.clock.now())).totals, []);
    await settlePendingCharges(ctx);
    await refreshCharge(ctx, charge);
    assert.equal(await findBalanceAmount(provider, accounts.funds), -1500);
  });
}

test('a dispute that was lost before it was seen is booked by the evidence of the loss', async () => {
  const { provider, charge } = await makeSale();
  assert.equal((await decideCharge(charge, 'lost')).state, 'failed');
  assert.equal(await findBalanceAmount(provider, accounts.funds), -1500);
  assert.equal(await findBalanceAmount(provider, accounts.chargeback), 17999);
});

test('a refund after a dispute was won and a second dispute debit only the rest', async () => {
  const { payer, provider, charge } = await makeSale([2000], 0);
  const broker = { profile_id: null, user_id: null, relation: 'broker', is_manager: true } as const;
  await decideCharge(charge, 'disputed');
  await assert.rejects(refundCharge(ctx, broker, charge, [{ num: 0 }]), {
    message: 'You cannot refund a disputed charge.',
  });
  await decideCharge(charge, 'done');
  await refundCharge(ctx, broker, charge, [{ num: 0, refunded_amount: 800 }]);
  await decideCharge(charge, 'disputed');
  assert.equal(await findBalanceAmount(payer, accounts.refunded), -2000);
  assert.equal(await findBalanceAmount(provider, accounts.refund), 800);
  assert.equal(await findBalanceAmount(provider, accounts.chargeback), 1200);
  assert.equal(await findBalanceAmount(provider, accounts.funds), -1500);
});

test('the entries of a dispute have the amounts of the line, and those of a win are their mirror', async () => {
  const { charge } = await makeSale();
  await decideCharge(charge, 'disputed');
  await decideCharge(charge, 'done');
  const entriesOf = async (key: string) =>
    (await findEventEntries(ctx.db, key))?.map((entry) => [
      `${entry.orig_account} → ${entry.dest_account}`,
      entry.dest_amount,
    ]);
  const key = `dispute:${charge.processor_key}:1`;
  assert.deepEqual(await entriesOf(key), [
    ['Funds → Chargeback', 1500],
    ['Refunded → Chargeback', 17999],
    ['Funds → Chargeback', 552],
    ['Funds → Chargeback', 1799],
    ['Funds → Chargeback', 15648],
  ]);
  assert.deepEqual(await entriesOf(`${key}:reverted`), [
    ['Chargeback → Funds', 1500],
    ['Chargeback → Refunded', 17999],
    ['Chargeback → Funds', 552],
    ['Chargeback → Funds', 1799],
    ['Chargeback → Funds', 15648],
  ]);
});

for (const [state, recorded, funds] of [
  ['done', 'done', 15648],
  ['lost', 'failed', -1500],
] as const) {
  test(`a dispute that ends ${state} without a webhook request is settled by the job`, async () => {
    const { provider, charge } = await makeSale();
    await decideCharge(charge, 'disputed');
    await settleDisputes(ctx);
    assert.equal((await findChargeById(ctx.db, charge.id))?.state, 'disputed', 'it is open');
    await inTransaction(ctx.db, (tx) => decideTestCharge(tx, charge.processor_key, state));
    await Promise.all([settleDisputes(ctx), settleDisputes(ctx)]);
    assert.equal((await findChargeById(ctx.db, charge.id))?.state, recorded);
    assert.equal(await findBalanceAmount(provider, accounts.funds), funds);
  });
}

test('repeated evidence of a dispute books it once, and the ledger stays balanced', async () => {
  const { provider, charge } = await makeSale();
  await decideCharge(charge, 'disputed');
  await Promise.all(Array.from({ length: 4 }, () => refreshCharge(ctx, charge)));
  assert.equal(await findBalanceAmount(provider, accounts.funds), -1500);
  assert.deepEqual((await verifyLedger(ctx.db)).violations, []);
});
