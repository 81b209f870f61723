import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accounts, findBalance, findEventEntries, postEvent } from '#ledger';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { next } from '../../../test/support/factories.ts';
import { makeParty, makeSubject, orderEntry } from '../../../test/support/factories/ledger.ts';
import { linesOf, makeCharge } from '../../../test/support/factories/payments.ts';
import { bookDispute, revertDispute } from '../disputes/book-dispute.ts';
import { callProcessor } from '../charges/call-processor.ts';
import type { Charge } from '../records/charge.ts';
import { recordCharge } from '../charges/record-charge.ts';
import { reserveAttempt } from '../charges/reserve-attempt.ts';
import { reserveRefund } from './reserve-refund.ts';
import { settleRefund } from './settle-refund.ts';

let database: TestDatabase;
let ctx: TestContext;
before(async () => {
  database = await openTestDatabase();
  ctx = await testContext(database.db);
});
after(() => database.close());

/** Terms of a processor that keeps its fee and lets the funds of a provider go below zero. */
const keeps = { terms: { returns_fee: false, may_overdraw: true }, created_by: null };

const findBalanceAmount = async (profile: ProfileId, account: Parameters<typeof findBalance>[2] = accounts.funds) =>
  (await findBalance(ctx.db, profile, account))[0]?.amount ?? 0;

async function makeSale(amounts = [17999]) {
  const payer = await makeParty(database.db);
  const provider = await makeParty(database.db);
  const broker_before = await findBalanceAmount(ctx.site.broker_id);
  const { charge } = await makeCharge(ctx, { payer, provider, amounts, broker_fee_percent: 1000 });
  const broker = async () => (await findBalanceAmount(ctx.site.broker_id)) - broker_before;
  return { payer, provider, charge, broker };
}

async function refundLine(charge: Charge, refunded_amount?: number): Promise<void> {
  const at = ctx.clock.now();
  await inTransaction(ctx.db, async (tx) => {
    const reserved = await reserveRefund(tx, charge.id, [{ num: 0, refunded_amount }], { ...keeps, at });
    await settleRefund(tx, ctx.processors, reserved, { outcome: 'refunded' }, at);
  });
}

test('the only sale of a provider is refunded whole, and the provider owes the fee that the processor kept', async () => {
  const { provider, charge, broker } = await makeSale();
  assert.equal(await findBalanceAmount(provider), 15_648);
  await refundLine(charge);
  assert.equal(await findBalanceAmount(provider), -552);
  assert.equal(await broker(), 0);
});

test('two refunds of a sale take 3600 and 12600 from the provider, 400 and 1399 from the broker', async () => {
  const { provider, charge, broker } = await makeSale();
  await refundLine(charge, 4000);
  assert.deepEqual([await findBalanceAmount(provider), await broker()], [12_048, 1399]);
  await refundLine(charge);
  assert.deepEqual([await findBalanceAmount(provider), await broker()], [-552, 0]);
});

test('a dispute debits the amount and its fee once; a win returns both at the instant of the win', async () => {
  const { payer, provider, charge, broker } = await makeSale();
  const at = ctx.clock.now();
  const dispute = { key: 'du_won', amount: 17_999, fee_amount: 1500, returns_fee: false };
  await inTransaction(ctx.db, (tx) => bookDispute(tx, charge, dispute, at));
  assert.equal(await findBalanceAmount(provider), 15_648 - 16_200 - 1500);
  assert.equal(await broker(), 0);
  assert.equal(await findBalanceAmount(payer, accounts.refunded), -17_999);

  const won_at = new Date(at.getTime() + 40 * 86_400_000);
  await inTransaction(ctx.db, (tx) => revertDispute(tx, charge, { ...dispute, returned_fee_amount: 1500 }, won_at));
  assert.deepEqual([await findBalanceAmount(provider), await broker()], [15_648, 1799]);
  const reverted = await ctx.db
    .selectFrom('ledger_entries')
    .select('created_at')
    .where('description', 'like', '% - reverted')
    .where('orig_profile_id', '!=', payer)
    .execute();
  assert(reverted.length > 0 && reverted.every(({ created_at }) => created_at.getTime() === won_at.getTime()));
});

test('a win returns the fee of the dispute as far as the processor returned it', async () => {
  for (const [returned_fee_amount, left] of [
    [0, 14_148],
    [600, 14_748],
    [1500, 15_648],
  ] as const) {
    const { payer, provider, charge } = await makeSale();
    const dispute = { key: next('du'), amount: 17_999, fee_amount: 1500, returns_fee: false, returned_fee_amount };
    await inTransaction(ctx.db, (tx) => bookDispute(tx, charge, dispute, ctx.clock.now()));
    await inTransaction(ctx.db, (tx) => revertDispute(tx, charge, dispute, ctx.clock.now()));
    assert.equal(await findBalanceAmount(provider), left);
    assert.equal(await findBalanceAmount(payer, accounts.refunded), 0);
  }
});

test('a partial dispute takes its part of each line, by largest remainder', async () => {
  const { payer, provider, charge } = await makeSale([3333, 1667]);
  const before_dispute = await findBalanceAmount(provider);
  const dispute = { key: next('du'), amount: 2000, fee_amount: 0, returns_fee: false };
  const at = ctx.clock.now();
  await inTransaction(ctx.db, (tx) => bookDispute(tx, charge, dispute, at));
  const parts = (await findEventEntries(ctx.db, `dispute:${dispute.key}`))?.flatMap((entry) =>
    entry.orig_account === accounts.refunded ? entry.orig_amount : [],
  );
  assert.deepEqual(parts, [1333, 667]);
  assert.equal(await findBalanceAmount(payer, accounts.refunded), -2000);
  // The broker bears its shares of 133 and 66, the provider the rest.
  assert.equal(await findBalanceAmount(provider), before_dispute - 1801);
});

test('the fee of a dispute over lines of two providers is debited once, in proportion to their lines', async () => {
  const payer = await makeParty(database.db);
  const sellers = [await makeParty(database.db), await makeParty(database.db)] as const;
  const at = ctx.clock.now();
  const charge = await inTransaction(ctx.db, async (tx) => {
    const entries = [2000, 1000].map((amount, index) =>
      orderEntry({ provider: sellers[index] ?? sellers[0], payer, amount, subject: makeSubject() }),
    );
    const orders = await postEvent(tx, { key: next('order:two'), kind: 'order', at, entries });
    const attempt = await reserveAttempt(tx, {
      processors: ctx.processors,
      profile_id: payer,
      created_by: null,
      amount: 3000,
      unit: 'usd',
      lines: [],
      description: '2 items',
      token: 'tok_visa',
      remember_card: false,
      at,
    });
    return { orders, attempt };
  }).then(async ({ orders, attempt }) => {
    const outcome = await callProcessor(ctx, attempt);
    assert(outcome.outcome === 'succeeded');
    return inTransaction(ctx.db, (tx) => recordCharge(tx, attempt, outcome, linesOf(orders), at));
  });
  const before = await Promise.all(sellers.map((seller) => findBalanceAmount(seller)));
  await inTransaction(ctx.db, (tx) =>
    bookDispute(tx, charge, { key: 'du_two', amount: 3000, fee_amount: 1501, returns_fee: true }, at),
  );
  const after_dispute = await Promise.all(sellers.map((seller) => findBalanceAmount(seller)));
  assert.deepEqual(after_dispute, [-1001, -500]);
  assert(before.every((amount) => amount > 0));
});

test('a dispute of a fully refunded charge costs only its fee', async () => {
  const { provider, charge } = await makeSale([2000]);
  await refundLine(charge);
  const before_dispute = await findBalanceAmount(provider);
  const at = ctx.clock.now();
  await inTransaction(ctx.db, (tx) =>
    bookDispute(tx, charge, { key: 'du_refunded', amount: 2000, fee_amount: 1500, returns_fee: false }, at),
  );
  assert.equal(await findBalanceAmount(provider), before_dispute - 1500);
});

test('an amount below the minimum of its currency or with a fraction of a unit is not charged', async () => {
  const payer = await makeParty(database.db);
  const reserve = (amount: number, unit: string) =>
    inTransaction(ctx.db, (tx) =>
      reserveAttempt(tx, {
        processors: ctx.processors,
        profile_id: payer,
        created_by: null,
        amount,
        unit,
        lines: [],
        description: 'A line',
        token: 'tok_visa',
        remember_card: false,
        at: ctx.clock.now(),
      }),
    );
  const cases: [amount: number, unit: string, code: string | null][] = [
    [49, 'usd', 'charge_too_small'],
    [50, 'usd', null],
    [29, 'gbp', 'charge_too_small'],
    [30, 'gbp', null],
    [4900, 'jpy', 'charge_too_small'],
    [5000, 'jpy', null],
    [5050, 'jpy', 'charge_not_whole'],
    [50_000, 'isk', null],
    [50_050, 'isk', 'charge_not_whole'],
    [50_050, 'ugx', 'charge_not_whole'],
    [512, 'kwd', null],
  ];
  for (const [amount, unit, code] of cases) {
    if (code === null) await reserve(amount, unit);
    else await assert.rejects(reserve(amount, unit), { code }, `${amount} ${unit}`);
  }
});
