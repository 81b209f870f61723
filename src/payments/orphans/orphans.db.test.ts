import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Stripe } from 'stripe';
import type { ProfileId } from '#platform/db/db-schema';
import { findSite } from '#platform/site';
import { next } from '../../../test/support/factories.ts';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { makeAttempt } from '../../../test/support/factories/payments.ts';
import { runJob } from '../../../test/support/run-job.ts';
import { startStripeSite, type StripeSite } from '../../../test/support/stripe-site.ts';
import { ignoreMessage, retryMessage } from '../intake/decide-message.ts';
import { listParkedMessages } from '../intake/parked-message-store.ts';
import { connectBank } from '../payouts/connected-account.ts';
import type { PaymentContext } from '../processors/index.ts';
import { isDifference, type Finding } from '../reconciliation/finding.ts';
import { reconcilePayments } from '../reconciliation/reconcile-payments.ts';
import { findPayoutAccount } from '../records/payout-store.ts';

const MINUTE_MS = 60_000;
const firstPage = { page: 1, page_size: 25, terms: [], fields: [], order: [], start_at: null, ends_at: null };

let site: StripeSite;
let app: StripeSite['app'];
let emulator: StripeSite['emulator'];
let client: Stripe;
let ctx: PaymentContext;
before(async () => {
  site = await startStripeSite();
  ({ app, emulator, client, ctx } = site);
});
after(() => site.close());

const act: StripeSite['act'] = (path, body) => site.act(path, body);
function advance(minutes: number): void {
  app.clock.set(new Date(app.clock.now().getTime() + minutes * MINUTE_MS));
}

/** Lets the messages come; one about an unknown object is handled four times. */
async function learn(): Promise<void> {
  await runJob(app.tollgate, 'sweep_processor_events');
  for (let count = 0; count < 4; count += 1) {
    await runJob(app.tollgate, 'handle_processor_events');
    advance(6);
  }
}
const refundOrphans = () => runJob(app.tollgate, 'refund_orphans');

interface Payment {
  intent: string;
  charge: string;
  payer: ProfileId;
}
interface PaymentFacts {
  token?: string;
  account?: string;
  fee?: number;
  attempt?: string;
  payer?: ProfileId;
  currency?: string;
}

/** Pays 20.00 usd at Stripe as an API client of the site does, without the checkout that names the payment. */
async function pay({
  token = 'pm_card_visa',
  account = '',
  fee = 0,
  attempt,
  payer,
  currency = 'usd',
}: PaymentFacts = {}): Promise<Payment> {
  const profile_id = payer ?? (await makeParty(app.db));
  const site = await findSite(app.db);
  assert(site);
  const metadata = {
    tollgate_site: site.installation,
    tollgate_profile: String(profile_id),
    ...(attempt === undefined ? {} : { tollgate_attempt: attempt }),
  };
  const { id, latest_charge } = await client.paymentIntents.create(
    {
      amount: 2000,
      currency,
      payment_method: token,
      confirm: true,
      capture_method: 'automatic',
      automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
      ...(fee === 0 ? {} : { application_fee_amount: fee }),
      metadata,
    },
    account === '' ? {} : { stripeAccount: account },
  );
  assert(typeof latest_charge === 'string');
  return { intent: id, charge: latest_charge, payer: profile_id };
}

const fundsOf = (profile: ProfileId) => site.fundsOf(profile);
const balanceOf = (account: string) => site.balanceOf(account);
async function assertBalanced(): Promise<void> {
  assert.equal(await fundsOf(ctx.site.broker_id), await balanceOf(''));
  await site.assertSound();
}
const refundsOf = async ({ charge }: Payment, account = '') =>
  (await client.refunds.list({ charge }, account === '' ? {} : { stripeAccount: account })).data.map(
    ({ amount, status }) => `${amount} ${status}`,
  );
const orphanOf = ({ intent }: Payment) =>
  app.db.selectFrom('orphan_payments').selectAll().where('intent_key', '=', intent).executeTakeFirst();
const stateOf = async (payment: Payment) => (await orphanOf(payment))?.state;
const messageOf = async ({ intent }: Payment) =>
  app.db.selectFrom('processor_events').selectAll().where('event_key', '=', `orphan:${intent}`).executeTakeFirst();
const noticesOf = async ({ charge }: Payment) =>
  (await app.db.selectFrom('outbox_events').selectAll().where('name', '=', 'payment_returned').execute()).filter(
    ({ payload }) => JSON.stringify(payload).includes(charge),
  ).length;

async function reconcile(account = '') {
  const findings: Finding[] = [];
  const at_ms = app.clock.now().getTime();
  const span = { from: new Date(at_ms - 30 * 86_400_000), to: new Date(at_ms + 3_600_000) };
  const options = { ...span, processor: ctx.processors.chosen, account, fix: false };
  const { sums } = await reconcilePayments(ctx, { ...options, onFinding: (finding) => void findings.push(finding) });
  const sum = sums.get('usd');
  return {
    differences: findings.filter(isDifference).map(({ kind, object }) => `${kind} ${object}`),
    apart: (sum?.at_processor ?? 0) - (sum?.in_books ?? 0),
  };
}

test('a paid payment that no checkout names goes back whole after an hour, and the books bear the fee', async () => {
  const funds = await fundsOf(ctx.site.broker_id);
  const payment = await pay();
  await learn();
  assert.equal(await stateOf(payment), 'watched');
  await refundOrphans();
  assert.deepEqual([await stateOf(payment), await refundsOf(payment), await noticesOf(payment)], ['watched', [], 0]);
  assert.deepEqual((await reconcile()).differences, [`orphan ${payment.charge}`]);
  advance(60);
  await refundOrphans();
  assert.deepEqual([await stateOf(payment), await refundsOf(payment)], ['refunded', ['2000 succeeded']]);
  assert.deepEqual([await noticesOf(payment), (await messageOf(payment))?.state], [1, 'done']);
  assert.equal((await fundsOf(ctx.site.broker_id)) - funds, -88);
  await assertBalanced();
  assert.deepEqual(await reconcile(), { differences: [], apart: 0 });
  await learn();
  advance(1000);
  await refundOrphans();
  assert.deepEqual([await refundsOf(payment), await noticesOf(payment)], [['2000 succeeded'], 1]);
});

async function makeProvider() {
  const provider = await makeParty(app.db, next('club'));
  await connectBank(ctx, provider);
  const account = (await findPayoutAccount(app.db, provider))?.account;
  assert(account);
  await act(`accounts/${account}`, { to: 'ready' });
  await learn();
  return { provider, account };
}

test('an orphan whose share is not returned is refunded and booked, and listed until the share is back', async () => {
  const { provider, account } = await makeProvider();
  const payment = await pay({ account, fee: 200 });
  await learn();
  advance(60);
  emulator.control.addFault({ name: '500_before', match: { method: 'POST', path: '/v1/application_fees' } });
  await refundOrphans();
  emulator.control.clearFaults();
  assert.deepEqual([await stateOf(payment), await refundsOf(payment, account)], ['refunding', ['2000 succeeded']]);
  assert.match((await messageOf(payment))?.reason ?? '', /It is refunded, but not the share of the broker/);
  assert.notEqual(await fundsOf(provider), 0, 'the refund is booked');
  advance(10);
  await refundOrphans();
  assert.equal(await stateOf(payment), 'refunded');
  assert.deepEqual([await fundsOf(provider), await balanceOf(account)], [-88, -88]);
});

test('an orphan on the account of a provider returns the share of the broker, and the provider bears the fee', async () => {
  const { provider, account } = await makeProvider();
  const funds = await fundsOf(ctx.site.broker_id);
  const payment = await pay({ account, fee: 200 });
  await learn();
  advance(60);
  await refundOrphans();
  assert.deepEqual([await stateOf(payment), await refundsOf(payment, account)], ['refunded', ['2000 succeeded']]);
  assert.deepEqual([await fundsOf(provider), await balanceOf(account)], [-88, -88]);
  assert.equal((await fundsOf(ctx.site.broker_id)) - funds, 0);
  await assertBalanced();
});

test('an orphan whose refund is on its way, is refused or failed stays listed until the payer has the money', async () => {
  const [slow, failing] = [await pay({ token: 'pm_card_pendingRefund' }), await pay({ token: 'pm_card_refundFail' })];
  await learn();
  advance(60);
  await refundOrphans();
  assert.deepEqual([await stateOf(slow), await stateOf(failing)], ['refunding', 'refunded']);
  assert.equal((await messageOf(slow))?.state, 'parked');
  assert.match((await messageOf(slow))?.reason ?? '', /\$20\.00 that no order wants\. Its refund is on its way/);
  assert.deepEqual((await reconcile()).differences, [`orphan ${slow.charge}`]);
  advance(6);
  await learn();
  await refundOrphans();
  assert.deepEqual([await stateOf(slow), await stateOf(failing)], ['refunded', 'refunding']);
  assert.match((await messageOf(failing))?.reason ?? '', /The bank of the card returned the refund/);
  // The money is back on the account, and in the books.
  await assertBalanced();
  assert.deepEqual((await reconcile()).differences, [`orphan ${failing.charge}`]);
  advance(1000);
  await refundOrphans();
  assert.deepEqual(await refundsOf(failing), ['2000 failed'], 'a bank that returned a refund is not asked again');
});

test('a broker can retry the refund of an orphan, and ignoring its message does not stop it', async () => {
  const payment = await pay();
  await learn();
  advance(60);
  emulator.control.addFault({ name: '500_before', match: { method: 'POST', path: '/v1/refunds' } });
  await refundOrphans();
  assert.deepEqual([await stateOf(payment), await refundsOf(payment)], ['refunding', []]);
  const other = await pay();
  await learn();
  advance(60);
  await refundOrphans();
  emulator.control.clearFaults();
  await ignoreMessage(ctx, `orphan:${other.intent}`, 'Known.');
  await retryMessage(ctx, `orphan:${payment.intent}`);
  await runJob(app.tollgate, 'handle_processor_events');
  assert.deepEqual([await stateOf(payment), (await messageOf(payment))?.state], ['refunded', 'done']);
  advance(60);
  await refundOrphans();
  assert.deepEqual([await stateOf(other), (await messageOf(other))?.state], ['refunded', 'ignored']);
  await assertBalanced();
});

test('an orphan that cannot be read is listed with the reason, and no more when it can be read', async () => {
  const [payment, gone] = [await pay(), await pay()];
  await learn();
  advance(60);
  const match = { method: 'GET', path: `/v1/charges/${payment.charge}` };
  emulator.control.addFault({ name: '500_before', match });
  await app.db
    .updateTable('orphan_payments')
    .set({ charge_key: 'ch_unknown' })
    .where('intent_key', '=', gone.intent)
    .execute();
  await refundOrphans();
  assert.deepEqual([await stateOf(payment), await stateOf(gone)], ['watched', 'watched']);
  const listed = (await listParkedMessages(app.db, firstPage, new URL('http://x/'))).results;
  const reasonOf = ({ intent }: Payment) => listed.find(({ event_key }) => event_key === `orphan:${intent}`)?.reason;
  assert.equal(
    reasonOf(payment),
    'A payment of $20.00 that no order has so far. The payment processor could not be asked.',
  );
  assert.equal(reasonOf(gone), 'A payment of $20.00 that no order has so far. The payment processor does not have it.');
  emulator.control.clearFaults();
  await retryMessage(ctx, `orphan:${payment.intent}`);
  await runJob(app.tollgate, 'handle_processor_events');
  assert.equal((await messageOf(payment))?.state, 'done', 'a manager can have it read at once');
  await app.db
    .updateTable('orphan_payments')
    .set({ charge_key: gone.charge })
    .where('intent_key', '=', gone.intent)
    .execute();
  advance(10);
  await refundOrphans();
  assert.deepEqual([await stateOf(payment), await stateOf(gone)], ['refunded', 'refunded']);
  assert.deepEqual([(await messageOf(payment))?.state, (await messageOf(gone))?.state], ['done', 'done']);
  await assertBalanced();
});

test('an ignored orphan whose refund fails later is listed again, once', async () => {
  const [pending, failing] = [
    await pay({ token: 'pm_card_pendingRefund' }),
    await pay({ token: 'pm_card_refundFail' }),
  ];
  await learn();
  advance(60);
  emulator.control.addFault({
    name: '500_before',
    match: { method: 'POST', path: '/v1/refunds', body: failing.charge },
  });
  await refundOrphans();
  emulator.control.clearFaults();
  for (const { intent } of [pending, failing]) await ignoreMessage(ctx, `orphan:${intent}`, 'Known.');
  advance(5);
  await refundOrphans();
  assert.deepEqual([await stateOf(failing), (await messageOf(failing))?.state], ['refunded', 'ignored']);
  const [refund] = (await client.refunds.list({ charge: pending.charge })).data;
  await act(`refunds/${refund?.id}`, { to: 'failed' });
  advance(6);
  await learn();
  for (const payment of [pending, failing]) {
    const message = await messageOf(payment);
    assert.deepEqual([await stateOf(payment), message?.state, message?.ignored_by], ['refunding', 'parked', null]);
    assert.match(message?.reason ?? '', /The bank of the card returned the refund/);
    await ignoreMessage(ctx, `orphan:${payment.intent}`, 'Paid by bank transfer.');
  }
  advance(1000);
  await refundOrphans();
  await learn();
  assert.deepEqual([(await messageOf(pending))?.state, (await messageOf(failing))?.state], ['ignored', 'ignored']);
  await assertBalanced();
});

test('what is refunded by hand after the refund of an orphan failed is booked at once, in parts too', async () => {
  const payment = await pay();
  await learn();
  advance(60);
  await refundOrphans();
  const [refund] = (await client.refunds.list({ charge: payment.charge })).data;
  await act(`refunds/${refund?.id}`, { to: 'failed' });
  await learn();
  assert.equal(await stateOf(payment), 'refunding');
  for (const [amount, state] of [
    [500, 'refunding'],
    [1500, 'refunded'],
  ] as const) {
    await client.refunds.create({ charge: payment.charge, amount });
    await learn();
    assert.equal(await stateOf(payment), state);
    await assertBalanced();
  }
});

test('an orphan whose refund waited for the balance and failed ends when it is refunded by hand', async () => {
  const { provider, account } = await makeProvider();
  const options = { stripeAccount: account };
  const payment = await pay({ account, token: 'pm_card_bypassPending' });
  await client.payouts.create({ amount: 1500, currency: 'usd' }, options);
  await learn();
  advance(60);
  await refundOrphans();
  assert.deepEqual(await refundsOf(payment, account), ['2000 pending']);
  const [refund] = (await client.refunds.list({ charge: payment.charge }, options)).data;
  assert.equal(refund?.balance_transaction, null, 'it moves nothing');
  await act(`refunds/${refund?.id}`, { to: 'failed' });
  // Another payment makes the balance suffice.
  await pay({ account });
  await client.refunds.create({ charge: payment.charge }, options);
  await learn();
  assert.deepEqual(await refundsOf(payment, account), ['2000 succeeded', '2000 failed']);
  assert.deepEqual([await stateOf(payment), (await messageOf(payment))?.state], ['refunded', 'done']);
  assert.equal(await fundsOf(provider), -88 - 1500, 'the fee of the payment, and the payout');
});

const disputeOf = async ({ charge }: Payment, options: Stripe.RequestOptions = {}) =>
  (await client.disputes.list({ charge }, options)).data[0]?.id ?? assert.fail('no dispute');

/** The payment of the broker's own account, disputed at the bank before it went back. */
async function makeDisputed() {
  const funds = await fundsOf(ctx.site.broker_id);
  const payment = await pay();
  await learn();
  await act(`charges/${payment.charge}/dispute`, {});
  advance(60);
  await refundOrphans();
  return {
    payment,
    dispute: await disputeOf(payment),
    earned: async () => (await fundsOf(ctx.site.broker_id)) - funds,
  };
}

test('S58: a disputed orphan is booked as the bank took it, listed, and not refunded beside the dispute', async () => {
  const { payment, earned } = await makeDisputed();
  assert.deepEqual([await stateOf(payment), await refundsOf(payment)], ['disputed', []]);
  assert.match((await messageOf(payment))?.reason ?? '', /Its payer disputes it/);
  assert.equal(await earned(), 1912 - 3500);
  await assertBalanced();
  const found = await reconcile();
  assert.deepEqual(
    found.differences.filter((each) => each.includes(payment.charge)),
    [],
  );
});

for (const [to, refunds] of [
  ['won', ['2000 succeeded']],
  ['lost', []],
] as const) {
  test(`S58: a disputed orphan that is ${to} ends refunded or taken back, once, and the books equal Stripe`, async () => {
    const { payment, dispute, earned } = await makeDisputed();
    await act(`disputes/${dispute}`, { to });
    await learn();
    await refundOrphans();
    await learn();
    assert.deepEqual([await stateOf(payment), (await messageOf(payment))?.state], ['refunded', 'done']);
    assert.deepEqual(await refundsOf(payment), refunds);
    // Stripe keeps its fee of the charge, and that of the dispute.
    assert.equal(await earned(), -88 - 1500);
    await assertBalanced();
    const found = await reconcile();
    assert.deepEqual(
      found.differences.filter((each) => each.includes(payment.charge) || each.includes(dispute)),
      [],
    );
  });
}

test('S58: a lost dispute of an orphan on the account of a provider gives the provider the share of the broker', async () => {
  const { provider, account } = await makeProvider();
  const funds = await fundsOf(ctx.site.broker_id);
  const payment = await pay({ account, fee: 200 });
  await learn();
  await act(`charges/${payment.charge}/dispute`, {});
  advance(60);
  await refundOrphans();
  assert.equal(await fundsOf(provider), await balanceOf(account));
  await act(`disputes/${await disputeOf(payment, { stripeAccount: account })}`, { to: 'lost' });
  await learn();
  assert.equal(await stateOf(payment), 'refunded');
  assert.deepEqual([await fundsOf(provider), await balanceOf(account)], [-88 - 1500, -88 - 1500]);
  assert.equal(await fundsOf(ctx.site.broker_id), funds);
  await assertBalanced();
});

for (const place of ['broker', 'provider'] as const) {
  test(`S33: an orphan in cad that goes back at another rate, on the account of the ${place}, is booked as Stripe moved it`, async () => {
    const { provider, account } =
      place === 'broker' ? { provider: ctx.site.broker_id, account: '' } : await makeProvider();
    const setRate = (rate: number) => act('settings', { exchange_rates: { cad: { to: 'usd', rate } } });
    await setRate(0.7);
    const payment = await pay({ currency: 'cad', account, ...(account === '' ? {} : { fee: 200 }) });
    await learn();
    advance(60);
    await setRate(0.73);
    await refundOrphans();
    assert.equal(await stateOf(payment), 'refunded');
    assert.equal(await fundsOf(provider), await balanceOf(account));
    await assertBalanced();
    const { differences } = await reconcile(account);
    assert.deepEqual(
      differences.filter((each) => each.includes(payment.charge) || each.startsWith('amount')),
      [],
    );
    await act('settings', { exchange_rates: {} });
  });
}

for (const fault of ['500_after', 'cut_after', '500_stored'] as const) {
  test(`an orphan whose refund lost its response (${fault}) is refunded once`, async () => {
    const payment = await pay();
    await learn();
    advance(60);
    emulator.control.addFault({ name: fault, match: { method: 'POST', path: '/v1/refunds' } });
    await refundOrphans();
    emulator.control.clearFaults();
    advance(1500);
    await refundOrphans();
    assert.deepEqual([await stateOf(payment), await refundsOf(payment)], ['refunded', ['2000 succeeded']]);
    await assertBalanced();
  });
}

test('two processes that refund one orphan make one refund', async () => {
  const payment = await pay();
  await learn();
  advance(60);
  await Promise.all([refundOrphans(), refundOrphans()]);
  advance(10);
  await refundOrphans();
  assert.deepEqual([await stateOf(payment), await refundsOf(payment)], ['refunded', ['2000 succeeded']]);
  assert.equal(await noticesOf(payment), 1);
  await assertBalanced();
});

test('what was refunded at Stripe counts, and the rest goes back', async () => {
  const payment = await pay();
  await client.refunds.create({ charge: payment.charge, amount: 500 });
  await learn();
  advance(60);
  await refundOrphans();
  assert.deepEqual(await refundsOf(payment), ['1500 succeeded', '500 succeeded']);
  assert.equal(await stateOf(payment), 'refunded');
  await assertBalanced();
});

test('a payment of a declined attempt and a second one of a settled attempt go back, one of an open attempt does not', async () => {
  const make = async (state: 'declined' | 'reserved' | 'failed') => {
    const [payer, provider] = [await makeParty(app.db), await makeParty(app.db)];
    const { attempt } = await makeAttempt(ctx, { payer, provider, token: 'pm_card_visa' });
    await app.db
      .updateTable('charge_attempts')
      .set({ state, updated_at: app.clock.now() })
      .where('id', '=', attempt.id)
      .execute();
    return pay({ attempt: attempt.key, payer });
  };
  const [declined, open, given_up] = [await make('declined'), await make('reserved'), await make('failed')];
  await learn();
  advance(60);
  await refundOrphans();
  const states = async () => [await stateOf(declined), await stateOf(open), await stateOf(given_up)];
  assert.deepEqual(await states(), ['refunded', 'watched', 'watched']);
  advance(60);
  await refundOrphans();
  assert.deepEqual(await states(), ['refunded', 'watched', 'refunded']);
  assert.deepEqual(await refundsOf(open), []);
});

test('a failed payment and one of another installation are not noted', async () => {
  const { latest_charge } = await client.paymentIntents.create({
    amount: 2000,
    currency: 'usd',
    payment_method: 'pm_card_visa',
    confirm: true,
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    metadata: { tollgate_site: 'f'.repeat(32) },
  });
  await learn();
  advance(60);
  await refundOrphans();
  const { count } = await app.db
    .selectFrom('orphan_payments')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('charge_key', '=', String(latest_charge))
    .executeTakeFirstOrThrow();
  assert.equal(Number(count), 0);
});

test('a payment whose delayed method failed and that a card paid afterwards goes back whole', async () => {
  const bank = await pay({ token: 'pm_usBankAccount_success' });
  await learn();
  await act(`payment_intents/${bank.intent}`, { to: 'fail_later' });
  const again = await client.paymentIntents.confirm(bank.intent, { payment_method: 'pm_card_visa' });
  const card = { ...bank, charge: String(again.latest_charge) };
  assert.notEqual(card.charge, bank.charge);
  await learn();
  advance(120);
  await refundOrphans();
  await learn();
  await refundOrphans();
  assert.deepEqual([await refundsOf(card), await stateOf(card)], [['2000 succeeded'], 'refunded']);
  assert.deepEqual(
    (await reconcile()).differences.filter((each) => each.includes(card.charge)),
    [],
  );
});

test('a listed orphan that an order or an attempt has is listed no more', async () => {
  const payer = await makeParty(app.db);
  const { attempt } = await makeAttempt(ctx, { payer, provider: await makeParty(app.db), token: 'pm_card_visa' });
  const payment = await pay({ payer, attempt: attempt.key });
  await learn();
  advance(60);
  emulator.control.addFault({ name: '500_before', match: { method: 'GET', path: '/v1/charges' } });
  await refundOrphans();
  emulator.control.clearFaults();
  assert.equal((await messageOf(payment))?.state, 'parked');
  advance(6);
  await refundOrphans();
  assert.deepEqual([await stateOf(payment), (await messageOf(payment))?.state], ['watched', 'done']);
});
