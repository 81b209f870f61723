import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Problem } from '#kernel/problem';
import { accounts, findBalance, moveAmount, postEvent, findStatementBalance } from '#ledger';
import type { ProfileId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import type { Subject } from '#platform/http/guards/access';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { openTestDatabase, type TestDatabase } from '../../../test/support/database.ts';
import { next } from '../../../test/support/factories.ts';
import { makeParty, makeSubject } from '../../../test/support/factories/ledger.ts';
import { makeCharge } from '../../../test/support/factories/payments.ts';
import type { Charge } from '../records/charge.ts';
import { finishRefunds } from './finish-refunds.ts';
import { makeTestProcessor } from '../processors/test/test-processor.ts';
import { sumTestRefunds, decideTestCharge } from '../processors/test/test-processor-store.ts';
import { refreshCharge } from '../charges/refresh-charge.ts';
import { refundCharge } from './refund-charge.ts';
import { reserveRefund, type WantedRefund } from './reserve-refund.ts';
import { settleRefund } from './settle-refund.ts';

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

const broker: Subject = { profile_id: null, user_id: null, relation: 'broker', is_manager: true };
const refundLines = (charge: Charge, ...lines: WantedRefund[]) => refundCharge(ctx, broker, charge, lines);
const isProblem = (code: string, detail?: string) => (error: unknown) => {
  assert(error instanceof Problem, String(error));
  assert.equal(error.code, code);
  if (detail !== undefined) assert.equal(error.message, detail);
  return true;
};
const findBalanceAmount = async (profile: ProfileId, account: Parameters<typeof findBalance>[2]) =>
  (await findBalance(ctx.db, profile, account))[0]?.amount ?? 0;

/** Makes a charge of a new provider, by default without a broker fee. */
async function makeSale(amounts: number[], broker_fee_percent = 0) {
  const payer = await makeParty(database.db);
  const provider = await makeParty(database.db, next('club'));
  const { charge, orders } = await makeCharge(ctx, { payer, provider, amounts, broker_fee_percent });
  return { payer, provider, charge, orders };
}

test('C5 §2.8 a charge refunded in two steps restores every balance', async () => {
  const broker_before = await findBalanceAmount(ctx.site.broker_id, accounts.funds);
  const processor_before = await findBalanceAmount(processor, accounts.funds);
  const { payer, provider, charge } = await makeSale([17999], 1000);
  assert.equal(
    await refundLines(charge, { num: 0, refunded_amount: 4000 }),
    `$40.00 refunded successfully on charge ${charge.processor_key}.`,
  );
  assert.equal(await findBalanceAmount(provider, accounts.funds), 15648 - 3477);
  assert.equal(await findBalanceAmount(ctx.site.broker_id, accounts.funds), broker_before + 1799 - 400);
  await refundLines(charge, { num: 0 });
  assert.equal(await findBalanceAmount(provider, accounts.funds), 0);
  assert.equal(await findBalanceAmount(ctx.site.broker_id, accounts.funds), broker_before);
  assert.equal(await findBalanceAmount(processor, accounts.funds), processor_before);
  assert.equal(await findBalanceAmount(payer, accounts.refunded), -17999);
  assert.deepEqual((await findStatementBalance(ctx.db, payer, ctx.clock.now())).totals, []);
});

test('each line of several is refunded from its own shares', async () => {
  const { provider, charge } = await makeSale([3333, 1667]);
  await refundLines(charge, { num: 0 });
  assert.equal(await findBalanceAmount(provider, accounts.funds), 1609);
  await refundLines(charge, { num: 1 });
  assert.equal(await findBalanceAmount(provider, accounts.funds), 0);
});

test('the entries of a refund name the line and its description', async () => {
  const { charge, orders } = await makeSale([17999], 1000);
  await refundLines(charge, { num: 0, refunded_amount: 4000 });
  const entries = await ctx.db
    .selectFrom('ledger_entries')
    .selectAll()
    .where('subject_kind', '=', 'cha')
    .where('subject_id', '=', String(charge.id))
    .where('subject_part', '<>', '')
    .orderBy('id')
    .execute();
  const invoiced = orders[0];
  assert.deepEqual(
    entries.map(({ orig_account, dest_account, dest_amount, description }) => [
      `${orig_account} → ${dest_account} ${dest_amount}`,
      description,
    ]),
    [
      ['Refunded → Refund 4000', `Charge ${charge.processor_key} refund for ${invoiced?.description}`],
      ['Funds → Refund 123', `Charge ${charge.processor_key} refund processor fee for xia:basic`],
      ['Funds → Refund 400', `Charge ${charge.processor_key} refund broker fee for xia:basic`],
      ['Funds → Refund 3477', `Charge ${charge.processor_key} refund for ${invoiced?.description}`],
    ],
  );
});

test('a refund never exceeds the rest of a line', async () => {
  const { charge } = await makeSale([2000]);
  await refundLines(charge, { num: 0, refunded_amount: 1500 });
  await assert.rejects(
    refundLines(charge, { num: 0, refunded_amount: 501 }),
    isProblem('refund_exceeds_line', 'Cannot refund $5.01 while there is only $5.00 available on the line item.'),
  );
  await refundLines(charge, { num: 0, refunded_amount: 500 });
  await assert.rejects(refundLines(charge, { num: 0 }), isProblem('refund_exceeds_line'));
});

test('one invalid line refuses the whole request without a call to the processor', async () => {
  const { provider, charge } = await makeSale([2000, 3000]);
  const before = await findBalanceAmount(provider, accounts.funds);
  await assert.rejects(
    refundLines(charge, { num: 0 }, { num: 2 }),
    isProblem('charge_line_unknown', `No line item 2 on charge ${charge.processor_key}.`),
  );
  await assert.rejects(
    refundLines(charge, { num: 0 }, { num: 1, refunded_amount: 3001 }),
    isProblem('refund_exceeds_line'),
  );
  await assert.rejects(refundLines(charge, { num: 0 }, { num: 0 }), isProblem('invalid_input'));
  assert.equal(await findBalanceAmount(provider, accounts.funds), before);
  const { length } = await ctx.db
    .selectFrom('test_processor_refunds')
    .select('key')
    .where('charge_key', '=', charge.processor_key)
    .execute();
  assert.equal(length, 0);
});

test('a provider without funds after a payout cannot refund', async () => {
  const { provider, charge, orders } = await makeSale([2000]);
  await payOut(provider, 1912);
  const { full_name } = await ctx.db
    .selectFrom('profiles')
    .selectAll()
    .where('id', '=', provider)
    .executeTakeFirstOrThrow();
  await assert.rejects(
    refundLines(charge, { num: 0 }),
    isProblem(
      'refund_exceeds_funds',
      `${full_name} has $0.00 of funds available. $19.12 are required to refund '${orders[0]?.description}'`,
    ),
  );
});

test('a charge that is pending, failed or disputed is not refunded', async () => {
  const pending = await makeCharge(ctx, {
    payer: await makeParty(database.db),
    provider: ctx.site.broker_id,
    token: 'tok_chargeAsyncFail',
  });
  await assert.rejects(
    refundLines(pending.charge, { num: 0 }),
    isProblem('charge_not_refundable', 'You cannot refund a pending charge.'),
  );
  await inTransaction(ctx.db, (tx) => decideTestCharge(tx, pending.charge.processor_key, 'failed'));
  await refreshCharge(ctx, pending.charge);
  await assert.rejects(
    refundLines(pending.charge, { num: 0 }),
    isProblem('charge_not_refundable', 'You cannot refund a failed charge.'),
  );
});

test('only a manager of the provider of a line may refund the line', async () => {
  const { charge } = await makeSale([2000]);
  const neighbour: Subject = { profile_id: null, user_id: null, relation: 'provider', is_manager: true };
  await assert.rejects(refundCharge(ctx, neighbour, charge, [{ num: 0 }]), isProblem('permission_denied'));
});

test('a refund that the processor refuses books nothing and can be retried', async () => {
  const { provider, charge } = await makeSale([2000]);
  const decide = (state: 'disputed' | 'done') =>
    inTransaction(ctx.db, (tx) => decideTestCharge(tx, charge.processor_key, state));
  await decide('disputed');
  await assert.rejects(
    refundLines(charge, { num: 0 }),
    isProblem('refund_refused', 'There is no paid charge to refund.'),
  );
  assert.equal(await findBalanceAmount(provider, accounts.funds), 1912);
  await decide('done');
  await refundLines(charge, { num: 0 });
  assert.equal(await findBalanceAmount(provider, accounts.funds), 0);
});

test('of five concurrent refunds of a line one succeeds', async () => {
  const { provider, charge } = await makeSale([2000]);
  const results = await Promise.allSettled(Array.from({ length: 5 }, () => refundLines(charge, { num: 0 })));
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  assert.equal(await findBalanceAmount(provider, accounts.funds), 0);
});

test('while a refund is open another one of the charge is refused', async () => {
  const { charge } = await makeSale([2000]);
  await reserveFirstLine(charge, 500);
  await assert.rejects(refundLines(charge, { num: 0, refunded_amount: 500 }), isProblem('refund_in_flight'));
});

test('a refund that the processor made before a crash is booked afterwards', async () => {
  const { provider, charge } = await makeSale([2000]);
  const intent = await reserveFirstLine(charge, 2000);
  await makeTestProcessor(ctx.db, ctx.clock).refund({
    key: intent.key,
    processor_key: charge.processor_key,
    account: '',
    amount: 2000,
    unit: 'usd',
  });
  await finishRefundsAt(minutes(10));
  assert.equal(await findBalanceAmount(provider, accounts.funds), 0);
});

test('a refund that never reached the processor is marked failed', async () => {
  const { provider, charge } = await makeSale([2000]);
  await reserveFirstLine(charge, 2000);
  await finishRefunds(ctx);
  await assert.rejects(refundLines(charge, { num: 0 }), isProblem('refund_in_flight'));
  await finishRefundsAt(minutes(10));
  assert.equal(await findBalanceAmount(provider, accounts.funds), 1912);
  await refundLines(charge, { num: 0 });
  assert.equal(await findBalanceAmount(provider, accounts.funds), 0);
});

test('a refund that the processor made after it was marked failed is booked', async () => {
  const { provider, charge } = await makeSale([2000]);
  const intent = await reserveFirstLine(charge, 2000);
  await finishRefundsAt(minutes(10));
  const { processor_key } = charge;
  const request = { key: intent.key, processor_key, account: '', amount: 2000, unit: 'usd' };
  const outcome = await makeTestProcessor(ctx.db, ctx.clock).refund(request);
  await inTransaction(ctx.db, (tx) => settleRefund(tx, ctx.processors, intent, outcome, ctx.clock.now()));
  assert.equal(await findBalanceAmount(provider, accounts.funds), 0);
  await assert.rejects(refundLines(charge, { num: 0 }), isProblem('refund_exceeds_line'));
});

test('a retry with the same key after a crash refunds once', async () => {
  const key = 'key of a request that is retried';
  for (const is_finished of [true, false]) {
    const { provider, charge } = await makeSale([2000]);
    const { processor_key } = charge;
    const named = `${key} ${is_finished}`;
    await inTransaction(ctx.db, (tx) =>
      reserveRefund(tx, charge.id, [{ num: 0, refunded_amount: 500 }], {
        terms: { returns_fee: true, may_overdraw: false },
        created_by: null,
        key: named,
        at: ctx.clock.now(),
      }),
    );
    await makeTestProcessor(ctx.db, ctx.clock).refund({
      key: named,
      processor_key,
      account: '',
      amount: 500,
      unit: 'usd',
    });
    if (is_finished) await finishRefundsAt(minutes(10));
    await refundCharge(ctx, broker, charge, [{ num: 0, refunded_amount: 500 }], named);
    assert.equal(await findBalanceAmount(provider, accounts.refund), 500);
    assert.equal(await sumTestRefunds(ctx.db, processor_key), 500);
  }
});

test('an open refund reserves the funds of the provider', async () => {
  const { payer, provider, charge } = await makeSale([2000]);
  const { charge: other } = await makeCharge(ctx, { payer, provider, amounts: [2000] });
  await payOut(provider, 1912);
  const intent = await reserveFirstLine(charge, 2000);
  await assert.rejects(refundLines(other, { num: 0 }), isProblem('refund_exceeds_funds'));
  await inTransaction(ctx.db, (tx) =>
    settleRefund(tx, ctx.processors, intent, { outcome: 'refused', detail: 'No.' }, ctx.clock.now()),
  );
  await refundLines(other, { num: 0 });
  assert.equal(await findBalanceAmount(provider, accounts.funds), 0);
});

test('a dispute of the whole charge is booked although a refund is open, which the processor then refuses', async () => {
  const { payer, charge } = await makeSale([2000]);
  const intent = await reserveFirstLine(charge, 500);
  await inTransaction(ctx.db, (tx) => decideTestCharge(tx, charge.processor_key, 'disputed'));
  assert.equal((await refreshCharge(ctx, charge)).state, 'disputed');
  assert.equal(await findBalanceAmount(payer, accounts.refunded), -2000);
  await inTransaction(ctx.db, (tx) =>
    settleRefund(tx, ctx.processors, intent, { outcome: 'refused', detail: 'No.' }, ctx.clock.now()),
  );
  assert.equal((await refreshCharge(ctx, charge)).state, 'disputed');
  assert.equal(await findBalanceAmount(payer, accounts.refunded), -2000);
});

/** Pays a provider out. */
async function payOut(provider: ProfileId, amount: number): Promise<void> {
  const payout = moveAmount({
    from: { profile_id: provider, account: accounts.funds },
    to: { profile_id: processor, account: accounts.withdraw },
    amount,
    unit: 'usd',
    subject: makeSubject({ kind: 'po', id: '1', part: null }),
    description: 'withdraw',
  });
  await inTransaction(ctx.db, (tx) =>
    postEvent(tx, { key: next('po'), kind: 'payout', at: ctx.clock.now(), entries: [payout] }),
  );
}

const minutes = (count: number) => new Date(ctx.clock.now().getTime() + count * 60_000);
async function finishRefundsAt(at: Date): Promise<void> {
  ctx.clock.set(at);
  await finishRefunds(ctx);
}

function reserveFirstLine(charge: Charge, refunded_amount: number) {
  return inTransaction(ctx.db, (tx) =>
    reserveRefund(tx, charge.id, [{ num: 0, refunded_amount }], {
      terms: { returns_fee: true, may_overdraw: false },
      created_by: null,
      at: ctx.clock.now(),
    }),
  );
}
