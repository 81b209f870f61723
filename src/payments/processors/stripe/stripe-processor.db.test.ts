import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { pino } from 'pino';
import { Stripe } from 'stripe';
import { movableClock, type MovableClock } from '#platform/clock';
import type { ProfileId } from '#platform/db/db-schema';
import { randomKey40 } from '#platform/security/crypto';
import { openTestDatabase, type TestDatabase } from '../../../../test/support/database.ts';
import { makeParty } from '../../../../test/support/factories/ledger.ts';
import { seedSite } from '../../../../test/support/seed.ts';
import { default_keys, type RunningEmulator, startEmulator } from '../../../stripe-emulator/index.ts';
import { type AttemptRef, type ChargeRequest, isAccepted, type Processor } from '../processor.ts';
import { makeStripeProcessor } from './stripe-processor.ts';

const [secret_key, publishable_key] = default_keys;
const DAY_S = 86_400;

let database: TestDatabase;
let clock: MovableClock;
let emulator: RunningEmulator;
let client: Stripe;
let processor: Processor;
const lines: string[] = [];
before(async () => {
  database = await openTestDatabase();
  clock = movableClock(new Date('2026-03-10T15:00:00Z'));
  await seedSite(database.db, clock.now());
  emulator = await startEmulator({ clock });
  const { hostname: host, port } = new URL(emulator.url);
  client = new Stripe(secret_key, { host, port, protocol: 'http', telemetry: false });
  processor = makeStripeProcessor({
    db: database.db,
    clock,
    log: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }),
    settings: { secret_key, publishable_key, api_url: emulator.url, js_url: null },
    app_version: '1.0.0',
  });
});
after(async () => {
  await emulator.stop();
  await database.close();
});

async function requestWith(
  source: string | ChargeRequest['source'],
  more: Partial<ChargeRequest> & { profile_id?: ProfileId } = {},
): Promise<ChargeRequest> {
  const { profile_id = await makeParty(database.db), ...facts } = more;
  return {
    key: randomKey40(),
    account: '',
    broker_fee_amount: 0,
    amount: 2000,
    unit: 'usd',
    description: 'Open space',
    source: typeof source === 'string' ? { token: source, remember: false } : source,
    payer: { profile_id, browser: { ip: '192.0.2.1', user_agent: 'test' }, return_url: 'http://cowork.test/app/' },
    off_session: false,
    order_id: null,
    provider_id: null,
    ...facts,
  };
}
const refOf = ({ key, account, amount, broker_fee_amount, payer, unit }: ChargeRequest): AttemptRef => ({
  key,
  account,
  amount,
  broker_fee_amount,
  unit,
  profile_id: payer.profile_id,
  intent_key: null,
  reserved_at: clock.now(),
});
const stateOf = async (processor_key: string) => (await processor.retrieve({ processor_key, account: '' }))?.state;

/** Faults of Stripe or of the connection, and whether the payment is made nevertheless. */
const faults: Readonly<Record<string, boolean>> = {
  '500_before': false,
  '500_after': true,
  '500_stored': true,
  cut_before: false,
  cut_after: true,
  cut_body: true,
  '409_lock': false,
  '429': false,
  '401': false,
};
for (const [name, is_made] of Object.entries(faults)) {
  test(`S9: under the fault ${name} a payment is made ${is_made ? 'once' : 'never'}, as a look-up by its key finds`, async () => {
    const request = await requestWith('pm_card_visa');
    // The customer exists, so that the fault meets the payment.
    assert(isAccepted(await processor.charge({ ...request, key: randomKey40() })));
    emulator.control.addFault({ name, match: { method: 'POST', path: '/v1/payment_intents' } });
    await assert.rejects(processor.charge(request));
    emulator.control.clearFaults();
    assert.equal(isAccepted(await processor.findByKey(refOf(request))), is_made);
    const { data } = await client.paymentIntents.list({ limit: 100 });
    const paid = data.filter(
      (each) => each.metadata['tollgate_attempt'] === request.key && each.status === 'succeeded',
    );
    assert.equal(paid.length, is_made ? 1 : 0);
    assert.deepEqual(emulator.control.invariants(), []);
  });
}

test('S32: an amount reaches Stripe in the unit of its currency', async () => {
  for (const [amount, unit, count] of [
    [100_000, 'jpy', 1000],
    [50_000, 'isk', 50_000],
    [512, 'kwd', 5120],
    [2000, 'eur', 2000],
  ] as const) {
    const paid = await processor.charge(await requestWith('pm_card_visa', { amount, unit }));
    assert(isAccepted(paid), unit);
    assert.equal((await client.charges.retrieve(paid.processor_key)).amount, count, unit);
    assert(paid.evidence.state === 'done');
    if (paid.evidence.funds.unit === unit) {
      assert.equal(paid.evidence.funds.net + paid.evidence.funds.fee, amount, unit);
    }
  }
});

test('a customer who was deleted at Stripe is replaced, and earlier payments are still found', async () => {
  const earlier = await requestWith('pm_card_visa');
  const paid = await processor.charge(earlier);
  const { profile_id } = earlier.payer;
  const customers = () =>
    database.db.selectFrom('processor_customers').select('customer_key').where('profile_id', '=', profile_id).execute();
  const [first] = await customers();
  assert(first);
  await client.customers.del(first.customer_key);
  const later = await requestWith('pm_card_visa', { profile_id });
  assert(isAccepted(await processor.charge(later)));
  assert.equal((await customers()).length, 2);
  assert(isAccepted(await processor.findByKey(refOf(later))));
  assert.deepEqual(await processor.findByKey(refOf(earlier)), paid);
});

// Before the tests that move the clock of the emulator ahead: Stripe compares the end of the page with its own clock.
test('a payment on the page of Stripe is made on the account of a provider, and the broker has its share', async () => {
  const account = await processor.connectAccount({ key: randomKey40(), name: 'Club' });
  const send = (body: object) =>
    fetch(`${emulator.url}/_emulator/accounts/${account}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  await send({ to: 'ready' });
  const request = await requestWith('hosted_page', { account, amount: 17_999, broker_fee_amount: 1799 });
  const asked = await processor.charge(request);
  assert(
    asked.outcome === 'action_required' && asked.redirect_url !== null && asked.is_hosted === true,
    JSON.stringify(asked),
  );
  const card = { number: '4242424242424242', expiry: '12/30', cvc: '123', email: '', name: '' };
  await fetch(asked.redirect_url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(card).toString(),
    redirect: 'manual',
  });
  const paid = await processor.abandon({ ...refOf(request), account, intent_key: asked.intent_key });
  assert(isAccepted(paid), JSON.stringify(paid));
  const charge = await client.charges.retrieve(paid.processor_key, {}, { stripeAccount: account });
  assert.deepEqual([charge.amount, charge.application_fee_amount], [17_999, 1799]);
});

test('S29: a charge whose balance transaction comes later is booked when it is there', async () => {
  emulator.control.addFault({ name: 'late_balance', values: { s: '3600' }, match: { path: '/v1/payment_intents' } });
  const paid = await processor.charge(await requestWith('pm_card_visa'));
  emulator.control.clearFaults();
  assert(paid.outcome === 'succeeded');
  assert.equal(paid.evidence.state, 'created');
  await emulator.control.advance(3601);
  assert.equal(await stateOf(paid.processor_key), 'done');
});

test('S30: a payment that is decided days later is paid or failed then', async () => {
  for (const [token, state] of [
    ['pm_usBankAccount_success', 'done'],
    ['pm_usBankAccount_insufficientFunds', 'failed'],
  ] as const) {
    const pending = await processor.charge(await requestWith(token));
    assert(pending.outcome === 'pending');
    assert.equal(pending.card.exp_date, '2099-12-01');
    await emulator.control.advance(4 * DAY_S + 60);
    assert.equal(await stateOf(pending.processor_key), state);
  }
});

test('S44: a card that the payer confirmed is kept; a renewal that the bank asks about again is declined', async () => {
  const request = await requestWith('pm_card_visa');
  const { payer } = request;
  const off_session = { off_session: true, profile_id: payer.profile_id };
  for (const [token, is_paid] of [
    ['pm_card_authenticationRequiredOnSetup', true],
    ['pm_card_authenticationRequired', false],
  ] as const) {
    const asked = await processor.saveCard({ key: randomKey40(), account: '', payer, token });
    assert(asked.outcome === 'action_required');
    const unconfirmed = await processor.saveCard({ key: randomKey40(), account: '', payer, token: asked.intent_key });
    assert.equal(unconfirmed.outcome, 'action_required');
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ to: 'approve' });
    await fetch(`${emulator.url}/_emulator/setup_intents/${asked.intent_key}`, { method: 'POST', headers, body });
    const saved = await processor.saveCard({ key: randomKey40(), account: '', payer, token: asked.intent_key });
    assert(saved.outcome === 'saved');
    const renewal = await processor.charge(await requestWith({ saved }, off_session));
    assert.equal(isAccepted(renewal), is_paid, token);
    if (!is_paid) assert(renewal.outcome === 'declined' && renewal.kind === 'authenticate');
    await processor.deleteCard(saved);
    const removed = await processor.saveCard({ key: randomKey40(), account: '', payer, token: asked.intent_key });
    assert(removed.outcome === 'declined' && removed.code === 'intent_unusable', 'a removed card is not put back');
  }
});

for (const decision of ['abandoned', 'declined'] as const) {
  test(`a payment that could not be canceled is not ${decision}: its payer can still confirm it`, async () => {
    const request = await requestWith('pm_card_threeDSecure2Required');
    const asked = await processor.charge(request);
    assert(asked.outcome === 'action_required');
    const attempt = { ...refOf(request), intent_key: asked.intent_key };
    if (decision === 'declined') {
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify({ to: 'fail' });
      await fetch(`${emulator.url}/_emulator/payment_intents/${asked.intent_key}`, { method: 'POST', headers, body });
    }
    const end = () => (decision === 'declined' ? processor.findByKey(attempt) : processor.abandon(attempt));
    emulator.control.addFault({ name: '500_before', match: { method: 'POST', path: '/cancel' } });
    await assert.rejects(end());
    emulator.control.clearFaults();
    assert.equal((await end())?.outcome, 'declined');
    assert.equal((await client.paymentIntents.retrieve(asked.intent_key)).status, 'canceled');
  });
}

/** What a caller may send as the token of a card; a payment that was made elsewhere is none (S36, S37, S40). */
const hostile = [
  'cus_1',
  'seti_1',
  'acct_1',
  'ch_1',
  'pi_1',
  'pi_1_secret_2',
  'pi_1\r\nX: y',
  'cs_test_1',
  '../account',
  '',
  'pm_1\r\nX: y',
  `pm_${'a'.repeat(255)}`,
];

test('S39, S40, S41: a card, a setup or a token of another customer is refused', async () => {
  const [owner, other] = [await requestWith('pm_card_visa'), await requestWith('pm_card_visa')];
  const saved = await processor.saveCard({ ...owner, key: randomKey40(), token: 'pm_card_visa' });
  assert(saved.outcome === 'saved');
  const stolen = await processor.charge({ ...other, source: { token: saved.method_key, remember: false } });
  assert(stolen.outcome === 'declined' && stolen.code === 'token_unusable');

  const setup = await client.setupIntents.create({ customer: saved.customer_key, payment_method: saved.method_key });
  const taken = await processor.saveCard({ ...other, key: randomKey40(), token: setup.id });
  assert(taken.outcome === 'declined' && taken.code === 'intent_foreign');
  for (const token of hostile) {
    const before_count = emulator.control.requests().length;
    const outcome = await processor.charge({ ...other, key: randomKey40(), source: { token, remember: false } });
    assert(outcome.outcome === 'declined' && outcome.code === 'token_unusable', token);
    assert.equal(emulator.control.requests().length, before_count, 'no request leaves');
  }
});

test('S36: a payment whose amount changed after it was checked pays nothing, and what it took is reported', async () => {
  const request = await requestWith({ intent: '' });
  const { intents } = processor;
  assert(intents);
  const { profile_id } = request.payer;
  const wanted = { profile_id, provider_id: null, account: '', amount: 2000, unit: 'usd', broker_fee_amount: 0 };
  for (const [generation, payment] of [[1, 'unpaid'] as const, [2, 'paid'] as const]) {
    const opened = await intents.openPayment({ ...wanted, cart_version: 'c', generation });
    const { intent_key } = opened;
    await client.paymentIntents.update(intent_key, { amount: 50, payment_method: 'pm_card_visa' });
    const found = await intents.findPayment({ intent_key, account: '', profile_id });
    assert(typeof found === 'object' && found.amount === 50 && found.is_usable);
    if (payment === 'paid') await client.paymentIntents.confirm(intent_key, { return_url: 'http://cowork.test/' });
    const named = { ...request, key: randomKey40(), source: { intent: intent_key } };
    const outcome = await processor.charge(named);
    assert(outcome.outcome === 'declined' && outcome.code === 'intent_differs');
    assert.equal(outcome.taken?.amount, payment === 'paid' ? 50 : undefined);
    const looked_up = await processor.findByKey({ ...refOf(named), intent_key });
    assert.equal(looked_up?.outcome, 'declined');
    assert.notEqual((await client.paymentIntents.retrieve(intent_key)).status, 'requires_confirmation');
  }
});

test('S5, S42: no call searches, and neither a key, a client secret nor a name reaches the log', async () => {
  const waiting = await processor.charge(await requestWith('pm_card_threeDSecure2Required'));
  assert(waiting.outcome === 'action_required');
  const paths = emulator.control.requests().map(({ path }) => path);
  assert(paths.length > 30 && !paths.some((path) => path.includes('search')));
  const text = lines.join('');
  assert(!/sk_test|_secret_/.test(text), text.slice(0, 1000));
});
