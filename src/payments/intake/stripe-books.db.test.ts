import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Stripe } from 'stripe';
import { accounts, findBalance, verifyLedger } from '#ledger';
import type { ProfileId } from '#platform/db/db-schema';
import type { Subject } from '#platform/http/guards/access';
import { next } from '../../../test/support/factories.ts';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { makeCharge } from '../../../test/support/factories/payments.ts';
import { runJob } from '../../../test/support/run-job.ts';
import type { TestApp } from '../../../test/support/start-app.ts';
import { startStripeSite, type StripeSite } from '../../../test/support/stripe-site.ts';
import { ledgerChecks } from '../../ledger-checks.ts';
import type { RunningEmulator } from '../../stripe-emulator/index.ts';
import type { PaymentContext } from '../processors/index.ts';
import { findCharge } from '../records/charge-store.ts';
import { refundCharge } from '../refunds/refund-charge.ts';

const broker: Subject = { profile_id: null, user_id: null, relation: 'broker', is_manager: true };

let site: StripeSite;
let app: TestApp;
let emulator: RunningEmulator;
let client: Stripe;
let ctx: PaymentContext;
const providers: ProfileId[] = [];
before(async () => {
  site = await startStripeSite();
  ({ app, emulator, client, ctx } = site);
});
after(() => site.close());

async function makeSale(amounts = [17_999], token = 'pm_card_visa') {
  const payer = await makeParty(app.db);
  const provider = await makeParty(app.db, next('club'));
  providers.push(provider);
  const { charge } = await makeCharge(ctx, { payer, provider, amounts, token, broker_fee_percent: 1000 });
  const { processor_key } = charge;
  const state = async () => (await findCharge(app.db, processor_key))?.state;
  return { charge, processor_key, state, funds: () => fundsOf(provider) };
}

async function fundsOf(profile: ProfileId): Promise<number> {
  return (await findBalance(app.db, profile, accounts.funds))[0]?.amount ?? 0;
}

/** Acts as the bank or a person at Stripe, then lets the site learn of it. */
async function act(path: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${emulator.url}/_emulator/${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  assert(response.ok, `${path}: ${response.status}`);
  await learn();
}
async function learn(): Promise<void> {
  await runJob(app.tollgate, 'sweep_processor_events');
  await runJob(app.tollgate, 'handle_processor_events');
}
const disputeOf = async (charge: string) =>
  (await client.disputes.list({ charge })).data[0]?.id ?? assert.fail('no dispute');

/** The funds in the books are the balance at Stripe: the broker holds what belongs to providers. */
async function assertBalanced(): Promise<void> {
  const { available, pending } = await client.balance.retrieve();
  const at_stripe = [...available, ...pending].reduce((sum, { amount }) => sum + amount, 0);
  let in_books = await fundsOf(ctx.site.broker_id);
  for (const provider of providers) in_books += await fundsOf(provider);
  assert.equal(in_books, at_stripe);
  assert.deepEqual((await verifyLedger(app.db)).violations, []);
}

test('S16: a sale of the broker itself leaves it the amount less the fee of Stripe', async () => {
  const { broker_id } = ctx.site;
  const at_start = await fundsOf(broker_id);
  const payer = await makeParty(app.db);
  const { charge } = await makeCharge(ctx, { payer, provider: broker_id, amounts: [2000], token: 'pm_card_visa' });
  assert.equal(charge.account, '');
  assert.equal((await fundsOf(broker_id)) - at_start, 2000 - 88);
  await assertBalanced();
});

test('S19: a sale that the broker holds is distributed as at the test processor', async () => {
  const { funds, state } = await makeSale();
  assert.deepEqual([await state(), await funds()], ['done', 15_648]);
  await assertBalanced();
});

test('S58: a dispute that is won without its fee leaves the provider with the fee', async () => {
  const { processor_key, funds, state } = await makeSale();
  await act(`charges/${processor_key}/dispute`, {});
  assert.deepEqual([await state(), await funds()], ['disputed', 15_648 - 16_200 - 1500]);
  await assertBalanced();
  await act(`disputes/${await disputeOf(processor_key)}`, { to: 'won' });
  assert.deepEqual([await state(), await funds()], ['done', 14_148]);
  await assertBalanced();
});

test('S58: a partial dispute that is lost takes its part of each line', async () => {
  const { processor_key, state } = await makeSale([3333, 1667]);
  await act(`charges/${processor_key}/dispute`, { amount: 2000 });
  await act(`disputes/${await disputeOf(processor_key)}`, { to: 'lost' });
  assert.equal(await state(), 'done');
  await assertBalanced();
});

test('a refund after a partial dispute was lost is limited to the rest of each line', async () => {
  const { charge, processor_key } = await makeSale([3333, 1667]);
  await act(`charges/${processor_key}/dispute`, { amount: 2000 });
  await act(`disputes/${await disputeOf(processor_key)}`, { to: 'lost' });
  for (const [num, left] of [
    [0, 2000],
    [1, 1000],
  ] as const)
    await assert.rejects(refundCharge(ctx, broker, charge, [{ num, refunded_amount: left + 1 }]), {
      code: 'refund_exceeds_line',
    });
});

test('S58: a dispute of the whole charge that is lost ends the charge, and an appeal that is won restores it', async () => {
  const { processor_key, state, funds } = await makeSale();
  await act(`charges/${processor_key}/dispute`, {});
  await act(`disputes/${await disputeOf(processor_key)}`, { to: 'lost' });
  assert.deepEqual([await state(), await funds()], ['failed', 15_648 - 16_200 - 1500]);
  await assertBalanced();
  await act(`disputes/${await disputeOf(processor_key)}`, { to: 'won' });
  assert.deepEqual([await state(), await funds()], ['done', 14_148]);
  await assertBalanced();
});

test('S58: a dispute that is won with its fee leaves nothing, and a second one is of its own', async () => {
  const { processor_key, state, funds } = await makeSale();
  emulator.control.change({ dispute_fee_returned: true });
  await act(`charges/${processor_key}/dispute`, { amount: 10_000 });
  await act(`disputes/${await disputeOf(processor_key)}`, { to: 'won' });
  emulator.control.change({ dispute_fee_returned: false });
  assert.deepEqual([await state(), await funds()], ['done', 15_648]);
  await act(`charges/${processor_key}/dispute`, { amount: 7999 });
  assert.equal(await state(), 'disputed');
  await assertBalanced();
  await act(`disputes/${await disputeOf(processor_key)}`, { to: 'lost' });
  assert.equal(await state(), 'done');
  await assertBalanced();
});

test('S58: after a refund a dispute takes the rest', async () => {
  const { charge, processor_key, state, funds } = await makeSale();
  await refundCharge(ctx, broker, charge, [{ num: 0, refunded_amount: 4000 }]);
  await act(`charges/${processor_key}/dispute`, {});
  assert.deepEqual([await state(), await funds()], ['disputed', -552 - 1500]);
  await assertBalanced();
});

test('S57: a dispute that opens while a refund is pending is booked at once, and so is the refund', async () => {
  const { charge, processor_key, state } = await makeSale([2000], 'pm_card_pendingRefund');
  await refundCharge(ctx, broker, charge, [{ num: 0, refunded_amount: 500 }]);
  const [refund] = (await client.refunds.list({ charge: processor_key })).data;
  assert(refund?.status === 'pending');
  await act(`charges/${processor_key}/dispute`, {});
  assert.equal(await state(), 'disputed');
  await act(`refunds/${refund.id}`, { to: 'succeeded' });
  await assertBalanced();
});

test('S59: an inquiry that becomes a dispute is booked then', async () => {
  const { processor_key, state, funds } = await makeSale();
  await act(`charges/${processor_key}/dispute`, { inquiry: true });
  await act(`disputes/${await disputeOf(processor_key)}`, { to: 'open' });
  assert.deepEqual([await state(), await funds()], ['disputed', 15_648 - 16_200 - 1500]);
  await act(`disputes/${await disputeOf(processor_key)}`, { to: 'won' });
  assert.deepEqual([await state(), await funds()], ['done', 14_148]);
  await assertBalanced();
});

test('S59: an inquiry moves nothing', async () => {
  const { processor_key, state, funds } = await makeSale();
  await act(`charges/${processor_key}/dispute`, { inquiry: true });
  assert.deepEqual([await state(), await funds()], ['done', 15_648]);
  await assertBalanced();
});

test('S53: a full refund leaves the provider with the fee that Stripe kept', async () => {
  const { charge, funds } = await makeSale();
  await refundCharge(ctx, broker, charge, [{ num: 0, refunded_amount: 4000 }]);
  assert.equal(await funds(), 12_048);
  await refundCharge(ctx, broker, charge, [{ num: 0 }]);
  assert.equal(await funds(), -552);
  await assertBalanced();
});

test('S56: a refund that was made at Stripe is booked over the lines, once', async () => {
  const { charge, processor_key } = await makeSale([2000, 1000]);
  await client.refunds.create({ charge: processor_key, amount: 2500 });
  await learn();
  await learn();
  await assertBalanced();
  await assert.rejects(refundCharge(ctx, broker, charge, [{ num: 0 }]));
  await refundCharge(ctx, broker, charge, [{ num: 1, refunded_amount: 500 }]);
  await assertBalanced();
});

test('S55: a pending refund is booked when Stripe decides it', async () => {
  const { charge, processor_key } = await makeSale([2000], 'pm_card_pendingRefund');
  await refundCharge(ctx, broker, charge, [{ num: 0 }]);
  const [refund] = (await client.refunds.list({ charge: processor_key })).data;
  assert(refund?.status === 'pending');
  await act(`refunds/${refund.id}`, { to: 'succeeded' });
  await assertBalanced();
});

test('S55: a refund that fails after it had succeeded is reversed, once, and the line can be refunded again', async () => {
  const { charge, processor_key, funds, state } = await makeSale([10_000], 'pm_card_refundFail');
  const before = await funds();
  await refundCharge(ctx, broker, charge, [{ num: 0, refunded_amount: 4000 }]);
  await refundCharge(ctx, broker, charge, [{ num: 0, refunded_amount: 1000 }]);
  await learn();
  assert.equal(await funds(), before - 4500);
  const refunds = (await client.refunds.list({ charge: processor_key })).data;
  for (const { id } of refunds.filter(({ status }) => status === 'succeeded'))
    await act(`refunds/${id}`, { to: 'failed' });
  await learn();
  assert.deepEqual([await state(), await funds()], ['done', before]);
  await assertBalanced();
  const verify = async () => (await verifyLedger(app.db, { checks: ledgerChecks })).violations;
  assert.deepEqual(await verify(), []);
  await refundCharge(ctx, broker, charge, [{ num: 0 }]);
  assert.deepEqual(await verify(), []);
  await assertBalanced();
});

test('a refund of the dashboard that fails after it was booked is reversed', async () => {
  const { processor_key, funds } = await makeSale([2000]);
  const before = await funds();
  const { id } = await client.refunds.create({ charge: processor_key, amount: 500 });
  await learn();
  assert.notEqual(await funds(), before);
  await act(`refunds/${id}`, { to: 'failed' });
  assert.equal(await funds(), before);
  await assertBalanced();
});
