import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accounts, findBalance, findStatementBalance, verifyLedger } from '#ledger';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { makeCharge } from '../../../test/support/factories/payments.ts';
import type { Charge } from '../records/charge.ts';
import { type TestCharge, decideTestCharge } from '../processors/test/test-processor-store.ts';
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

test('repeated evidence of a dispute books it once, and the ledger stays balanced', async () => {
  const { provider, charge } = await makeSale();
  await decideCharge(charge, 'disputed');
  await Promise.all(Array.from({ length: 4 }, () => refreshCharge(ctx, charge)));
  assert.equal(await findBalanceAmount(provider, accounts.funds), -1500);
  assert.deepEqual((await verifyLedger(ctx.db)).violations, []);
});
