import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Stripe } from 'stripe';
import { accounts, findBalance, verifyLedger } from '#ledger';
import { inTransaction } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import type { Subject } from '#platform/http/guards/access';
import { next } from '../../../test/support/factories.ts';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { linesOf, makeAttempt, makeCharge, makeOrder } from '../../../test/support/factories/payments.ts';
import { runJob } from '../../../test/support/run-job.ts';
import type { TestApp } from '../../../test/support/start-app.ts';
import { startStripeSite, type StripeSite } from '../../../test/support/stripe-site.ts';
import { default_keys, type RunningEmulator } from '../../stripe-emulator/index.ts';
import { saveCard } from '../cards/save-card.ts';
import { callProcessor } from '../charges/call-processor.ts';
import { recordCharge } from '../charges/record-charge.ts';
import { reserveAttempt } from '../charges/reserve-attempt.ts';
import { connectBank } from '../payouts/connected-account.ts';
import { isAccepted, makeProcessors, type PaymentContext } from '../processors/index.ts';
import { loadStripe } from '../processors/stripe/load-stripe.ts';
import { findCharge } from '../records/charge-store.ts';
import { findPayoutAccount } from '../records/payout-store.ts';
import { reserveRefund } from '../refunds/reserve-refund.ts';
import { refundCharge } from '../refunds/refund-charge.ts';

const [secret_key, publishable_key] = default_keys;
const broker: Subject = { profile_id: null, user_id: null, relation: 'broker', is_manager: true };

let site: StripeSite;
let app: TestApp;
let emulator: RunningEmulator;
let client: Stripe;
let ctx: PaymentContext;
before(async () => {
  site = await startStripeSite();
  ({ app, emulator, client, ctx } = site);
});
after(() => site.close());

/** Acts as the bank, the provider or a person at Stripe. */
async function act(path: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const url = `${emulator.url}/_emulator/${path}`;
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  assert(response.ok, `${path}: ${response.status}`);
}
async function learn(): Promise<void> {
  await runJob(app.tollgate, 'sweep_processor_events');
  await runJob(app.tollgate, 'handle_processor_events');
}

/** A provider whose account at Stripe takes charges. */
async function makeProvider(): Promise<{ provider: ProfileId; account: string }> {
  const provider = await makeParty(app.db, next('club'));
  await connectBank(ctx, provider);
  const account = (await findPayoutAccount(app.db, provider))?.account;
  assert(account);
  await act(`accounts/${account}`, { to: 'ready' });
  await app.db
    .updateTable('payout_accounts')
    .set({ charges_enabled: true, fee_payer: 'account' })
    .where('account', '=', account)
    .execute();
  // The cursor of the account begins before the first charge.
  await learn();
  return { provider, account };
}

async function makeSale(amounts = [17_999], { broker_fee_percent = 1000, token = 'pm_card_visa' } = {}) {
  const payer = await makeParty(app.db);
  const { provider, account } = await makeProvider();
  const at_start = await fundsOf(ctx.site.broker_id);
  const { charge } = await makeCharge(ctx, { payer, provider, amounts, token, broker_fee_percent });
  const { processor_key } = charge;
  assert.equal(charge.account, account);
  return {
    charge,
    processor_key,
    account,
    provider,
    payer,
    funds: () => fundsOf(provider),
    brokerFunds: async () => (await fundsOf(ctx.site.broker_id)) - at_start,
    state: async () => (await findCharge(app.db, processor_key))?.state,
  };
}
type Sale = Awaited<ReturnType<typeof makeSale>>;

async function fundsOf(profile: ProfileId): Promise<number> {
  return (await findBalance(app.db, profile, accounts.funds))[0]?.amount ?? 0;
}
async function balanceOf(account: string): Promise<number> {
  const { available, pending } = await client.balance.retrieve({}, account === '' ? {} : { stripeAccount: account });
  return [...available, ...pending].reduce((sum, { amount }) => sum + amount, 0);
}

/** The funds of provider and broker in the books are their balances at Stripe. */
async function assertBalanced({ account, funds }: Sale): Promise<void> {
  assert.equal(await funds(), await balanceOf(account));
  assert.equal(await fundsOf(ctx.site.broker_id), await balanceOf(''));
  assert.deepEqual((await verifyLedger(app.db)).violations, []);
  assert.deepEqual(emulator.control.invariants(), []);
}
async function feeReturns({ processor_key }: Sale): Promise<number[]> {
  const [fee] = (await client.applicationFees.list({ charge: processor_key })).data;
  assert(fee);
  return (await client.applicationFees.listRefunds(fee.id)).data.map(({ amount }) => amount).toReversed();
}
const feeState = async (charge: Sale['charge']) =>
  (await app.db.selectFrom('refunds').select('fee_state').where('charge_id', '=', charge.id).execute()).map(
    ({ fee_state }) => fee_state,
  );

test('S17: a sale of one provider is charged on its account, and the broker gets its share there', async () => {
  const sale = await makeSale();
  const [fee] = (await client.applicationFees.list({ charge: sale.processor_key })).data;
  assert.deepEqual([fee?.amount, fee?.account], [1799, sale.account]);
  assert.deepEqual([await sale.state(), await sale.funds(), await sale.brokerFunds()], ['done', 15_648, 1799]);
  await assertBalanced(sale);
});

test('S18: the shares of lines with different percentages are their floors', async () => {
  const payer = await makeParty(app.db);
  const { provider, account } = await makeProvider();
  const orders = await makeOrder(ctx, { payer, provider, amounts: [3333, 1667] });
  const lines = linesOf(orders).map((line, index) => ({ ...line, broker_fee_percent: index === 0 ? 1000 : 500 }));
  const facts = { processors: ctx.processors, profile_id: payer, created_by: null, amount: 5000, unit: 'usd', lines };
  const more = { description: 'Cowork', token: 'pm_card_visa', remember_card: false, at: ctx.clock.now() };
  const attempt = await inTransaction(app.db, (tx) => reserveAttempt(tx, { ...facts, ...more }));
  assert.equal(attempt.broker_fee_amount, 416);
  const outcome = await callProcessor(ctx, attempt);
  assert(isAccepted(outcome));
  await inTransaction(app.db, (tx) => recordCharge(tx, attempt, outcome, lines, ctx.clock.now()));
  assert.equal(await fundsOf(provider), 4409);
  assert.equal(await balanceOf(account), 4409);
});

test('S51: refunds return the share of the broker, each once', async () => {
  const sale = await makeSale();
  await refundCharge(ctx, broker, sale.charge, [{ num: 0, refunded_amount: 4000 }]);
  assert.deepEqual([await sale.funds(), await sale.brokerFunds()], [12_048, 1399]);
  await assertBalanced(sale);
  await refundCharge(ctx, broker, sale.charge, [{ num: 0 }]);
  assert.deepEqual([await sale.funds(), await sale.brokerFunds()], [-552, 0]);
  assert.deepEqual(await feeReturns(sale), [400, 1399]);
  await learn();
  await learn();
  await assertBalanced(sale);
});

test('S52: without the share of the broker the provider pays all of a refund', async () => {
  const sale = await makeSale();
  const settings = { secret_key, publishable_key, api_url: emulator.url, js_url: null, returns_broker_fee: false };
  const stripe = await loadStripe({ db: app.db, clock: app.clock, log: ctx.log, settings, app_version: '1.0.0' });
  const { credit } = ctx.processors;
  const keeping = {
    ...ctx,
    processors: makeProcessors('stripe', { db: app.db, clock: app.clock, stripe, credit }),
  };
  await refundCharge(keeping, broker, sale.charge, [{ num: 0, refunded_amount: 4000 }]);
  assert.equal(await sale.funds(), 11_648);
  await refundCharge(keeping, broker, sale.charge, [{ num: 0 }]);
  assert.deepEqual([await sale.funds(), await sale.brokerFunds()], [-2351, 1799]);
  assert.deepEqual(await feeReturns(sale), []);
  await assertBalanced(sale);
});

for (const fault of ['500_before', '500_after', 'cut_after', '401']) {
  test(`S54: a share that a ${fault} keeps from going back is returned once by the job`, async () => {
    const sale = await makeSale();
    emulator.control.addFault({ name: fault, match: { method: 'POST', path: '/v1/application_fees' } });
    await refundCharge(ctx, broker, sale.charge, [{ num: 0, refunded_amount: 4000 }]);
    assert.deepEqual(await feeState(sale.charge), ['pending']);
    emulator.control.clearFaults();
    await runJob(app.tollgate, 'finish_pending_refunds');
    await runJob(app.tollgate, 'finish_pending_refunds');
    assert.deepEqual(await feeState(sale.charge), ['returned']);
    assert.deepEqual(await feeReturns(sale), [400]);
    await assertBalanced(sale);
  });
}

test('a share that was returned at Stripe before is not returned again: the provider bears it', async () => {
  const sale = await makeSale();
  const [fee] = (await client.applicationFees.list({ charge: sale.processor_key })).data;
  assert(fee);
  await client.applicationFees.createRefund(fee.id, { amount: 1700 });
  await learn();
  await assertBalanced(sale);
  await refundCharge(ctx, broker, sale.charge, [{ num: 0, refunded_amount: 4000 }]);
  assert.deepEqual(await feeState(sale.charge), ['refused']);
  await learn();
  await assertBalanced(sale);
});

/** How the share of the broker stands when its refund fails. */
const shares_at_failure = {
  returned: async () => {},
  refused: async ({ processor_key }: Sale) => {
    const [fee] = (await client.applicationFees.list({ charge: processor_key })).data;
    assert(fee);
    await client.applicationFees.createRefund(fee.id, { amount: 1700 });
    await learn();
  },
  pending: async () =>
    emulator.control.addFault({ name: '500_before', match: { method: 'POST', path: '/v1/application_fees' } }),
};
for (const [state, prepare] of Object.entries(shares_at_failure)) {
  test(`a refund that fails after it succeeded leaves the books as Stripe has them, its share ${state}`, async () => {
    const sale = await makeSale();
    await prepare(sale);
    await refundCharge(ctx, broker, sale.charge, [{ num: 0, refunded_amount: 4000 }]);
    assert.deepEqual(await feeState(sale.charge), [state]);
    const [refund] = (await client.refunds.list({ charge: sale.processor_key }, { stripeAccount: sale.account })).data;
    await act(`refunds/${refund?.id ?? ''}`, { to: 'failed' });
    await learn();
    emulator.control.clearFaults();
    await runJob(app.tollgate, 'finish_pending_refunds');
    await learn();
    await assertBalanced(sale);
    // The line can be refunded again; of the share at most what Stripe still has goes back.
    await refundCharge(ctx, broker, sale.charge, [{ num: 0 }]);
    await learn();
    await assertBalanced(sale);
  });
}

test('a refund that the provider makes at Stripe takes nothing from the broker, and is booked once', async () => {
  const sale = await makeSale([2000, 1000]);
  const before = await sale.brokerFunds();
  await client.refunds.create({ charge: sale.processor_key, amount: 2500 }, { stripeAccount: sale.account });
  await learn();
  await learn();
  assert.equal(await sale.brokerFunds(), before);
  await assertBalanced(sale);
});

test('a dispute takes the amount and its fee from the provider alone', async () => {
  const sale = await makeSale();
  await act(`charges/${sale.processor_key}/dispute`, {});
  await learn();
  assert.deepEqual([await sale.state(), await sale.funds(), await sale.brokerFunds()], ['disputed', -3851, 1799]);
  await assertBalanced(sale);
  const [dispute] = (await client.disputes.list({ charge: sale.processor_key }, { stripeAccount: sale.account })).data;
  await act(`disputes/${dispute?.id ?? ''}`, { to: 'won' });
  await learn();
  assert.deepEqual([await sale.state(), await sale.funds()], ['done', 14_148]);
  await assertBalanced(sale);
});

test('a card that is remembered is kept on the account of the charge, and is used there only', async () => {
  const payer = await makeParty(app.db);
  const [first, second] = [await makeProvider(), await makeProvider()];
  const token = 'pm_card_visa';
  await makeCharge(ctx, { payer, provider: first.provider, token, remember_card: true });
  const again = await makeCharge(ctx, { payer, provider: first.provider, token: null });
  assert.equal(again.charge.account, first.account);
  await assert.rejects(makeAttempt(ctx, { payer, provider: second.provider, token: null }), {
    message: /payment method/,
  });
  const { attempt } = await makeAttempt(ctx, { payer, provider: first.provider, token, remember_card: false });
  assert.equal(attempt.account, first.account);
});

test('S46: a card of the broker is cloned for a charge on the account of a provider, and no card stays there', async () => {
  const payer = await makeParty(app.db);
  const { provider, account } = await makeProvider();
  await saveCard(ctx, payer, 'pm_card_visa');
  const job = { ...ctx, actor: { kind: 'job' as const, name: 'renew' } };
  const { charge } = await makeCharge(job, { payer, provider, token: null, broker_fee_percent: 1000 });
  assert.deepEqual([charge.account, charge.state], [account, 'done']);
  const options = { stripeAccount: account };
  for await (const { id } of client.customers.list({}, options)) {
    assert.deepEqual((await client.paymentMethods.list({ customer: id }, options)).data, []);
  }
  assert.equal(await fundsOf(provider), await balanceOf(account));
});

test('S54: a refund whose process ended between the two calls is finished by the job: one refund, one return', async () => {
  const sale = await makeSale();
  const { account, processor_key } = sale;
  const refund = await inTransaction(app.db, (tx) =>
    reserveRefund(tx, sale.charge.id, [{ num: 0, refunded_amount: 4000 }], {
      terms: ctx.processors.chosen,
      created_by: null,
      at: ctx.clock.now(),
    }),
  );
  await ctx.processors.chosen.refund({ key: refund.key, processor_key, account, amount: 4000, unit: 'usd' });
  app.clock.set(new Date(app.clock.now().getTime() + 600_000));
  await runJob(app.tollgate, 'finish_pending_refunds');
  await runJob(app.tollgate, 'finish_pending_refunds');
  assert.deepEqual(await feeState(sale.charge), ['returned']);
  assert.deepEqual(await feeReturns(sale), [400]);
  assert.equal((await client.refunds.list({ charge: processor_key }, { stripeAccount: account })).data.length, 1);
  await assertBalanced(sale);
});

test('an attempt keeps its account when the account of the provider changes before the call', async () => {
  const payer = await makeParty(app.db);
  const { provider, account } = await makeProvider();
  const { attempt } = await makeAttempt(ctx, { payer, provider, token: 'pm_card_visa', broker_fee_percent: 1000 });
  await app.db.updateTable('payout_accounts').set({ charges_enabled: false }).where('account', '=', account).execute();
  assert((await callProcessor(ctx, attempt)).outcome === 'succeeded');
  const found = await ctx.processors.chosen.findByKey({
    ...attempt,
    intent_key: null,
    reserved_at: attempt.created_at,
  });
  assert(found?.outcome === 'succeeded', 'it is found on the account of the attempt');
  const { attempt: later } = await makeAttempt(ctx, { payer, provider, token: 'pm_card_visa' });
  assert.deepEqual([later.account, later.broker_fee_amount], ['', 0]);
});

test('after a provider ended the access, nothing is charged or refunded on its account, and nothing waits', async () => {
  const sale = await makeSale();
  const { payer, provider, account } = sale;
  await refundCharge(ctx, broker, sale.charge, [{ num: 0, refunded_amount: 1000 }]);
  await act(`accounts/${account}`, { to: 'deauthorize' });
  const { attempt } = await makeAttempt(ctx, { payer, provider, token: 'pm_card_visa' });
  assert.equal(attempt.account, account, 'Tollgate does not know it yet');
  const outcome = await callProcessor(ctx, attempt);
  assert(outcome.outcome === 'declined' && outcome.kind === 'refused');
  await assert.rejects(refundCharge(ctx, broker, sale.charge, [{ num: 0 }]), { message: /denies the access/ });
  const open = await app.db.selectFrom('refunds').select('id').where('state', '=', 'reserved').execute();
  assert.deepEqual(open, []);
  await learn();
});
