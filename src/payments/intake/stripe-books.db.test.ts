import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Stripe } from 'stripe';
import { accounts, findBalance, verifyLedger } from '#ledger';
import type { ProfileId } from '#platform/db/db-schema';
import type { Subject } from '#platform/http/guards/access';
import { next } from '../../../test/support/factories.ts';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { makeCharge } from '../../../test/support/factories/payments.ts';
import { runJob } from '../../../test/support/run-job.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';
import { default_keys, type RunningEmulator, startEmulator } from '../../stripe-emulator/index.ts';
import type { PaymentContext } from '../processors/index.ts';
import { findCharge } from '../records/charge-store.ts';
import { refundCharge } from '../refunds/refund-charge.ts';

const [secret_key, publishable_key] = default_keys;
const broker: Subject = { profile_id: null, user_id: null, relation: 'broker', is_manager: true };

let app: TestApp;
let emulator: RunningEmulator;
let client: Stripe;
let ctx: PaymentContext;
const providers: ProfileId[] = [];
before(async () => {
  const now = new Date('2026-03-10T15:00:00Z');
  let clock: { now(): Date } = { now: () => now };
  emulator = await startEmulator({ clock: { now: () => clock.now() } });
  const { hostname: host, port } = new URL(emulator.url);
  client = new Stripe(secret_key, { host, port, protocol: 'http', telemetry: false });
  app = await startApp({
    now,
    config: {
      processor: 'stripe',
      stripe_secret_key: secret_key,
      stripe_publishable_key: publishable_key,
      stripe_api_url: emulator.url,
    },
  });
  clock = app.clock;
  ctx = { ...(await app.tollgate.makeContext('test')), actor: { kind: 'anonymous', visitor_hash: null } };
});
after(async () => {
  await app.close();
  await emulator.stop();
});

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

test('a sale is distributed as at the test processor', async () => {
  const { funds, state } = await makeSale();
  assert.deepEqual([await state(), await funds()], ['done', 15_648]);
  await assertBalanced();
});

test('a dispute that is won without its fee leaves the provider with the fee', async () => {
  const { processor_key, funds, state } = await makeSale();
  await act(`charges/${processor_key}/dispute`, {});
  assert.deepEqual([await state(), await funds()], ['disputed', 15_648 - 16_200 - 1500]);
  await assertBalanced();
  await act(`disputes/${await disputeOf(processor_key)}`, { to: 'won' });
  assert.deepEqual([await state(), await funds()], ['done', 14_148]);
  await assertBalanced();
});

test('a partial dispute that is lost takes its part of each line', async () => {
  const { processor_key, state } = await makeSale([3333, 1667]);
  await act(`charges/${processor_key}/dispute`, { amount: 2000 });
  await act(`disputes/${await disputeOf(processor_key)}`, { to: 'lost' });
  assert.equal(await state(), 'failed');
  await assertBalanced();
});

test('an inquiry moves nothing', async () => {
  const { processor_key, state, funds } = await makeSale();
  await act(`charges/${processor_key}/dispute`, { inquiry: true });
  assert.deepEqual([await state(), await funds()], ['done', 15_648]);
  await assertBalanced();
});

test('a full refund leaves the provider with the fee that Stripe kept', async () => {
  const { charge, funds } = await makeSale();
  await refundCharge(ctx, broker, charge, [{ num: 0, refunded_amount: 4000 }]);
  assert.equal(await funds(), 12_048);
  await refundCharge(ctx, broker, charge, [{ num: 0 }]);
  assert.equal(await funds(), -552);
  await assertBalanced();
});

test('a refund that was made at Stripe is booked over the lines, once', async () => {
  const { charge, processor_key } = await makeSale([2000, 1000]);
  await client.refunds.create({ charge: processor_key, amount: 2500 });
  await learn();
  await learn();
  await assertBalanced();
  await assert.rejects(refundCharge(ctx, broker, charge, [{ num: 0 }]));
  await refundCharge(ctx, broker, charge, [{ num: 1, refunded_amount: 500 }]);
  await assertBalanced();
});

test('a pending refund is booked when Stripe decides it', async () => {
  const { charge, processor_key } = await makeSale([2000], 'pm_card_pendingRefund');
  await refundCharge(ctx, broker, charge, [{ num: 0 }]);
  const [refund] = (await client.refunds.list({ charge: processor_key })).data;
  assert(refund?.status === 'pending');
  await act(`refunds/${refund.id}`, { to: 'succeeded' });
  await assertBalanced();
});
