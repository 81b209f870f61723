import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { type ChangeSite, expectStatus } from '../../../test/support/changes.ts';
import { attemptsOf, casesOf, payloadsOf, RENEW, runHours, token_lifetime_s } from '../../../test/support/dunning.ts';
import { makeCardDecline } from '../../../test/support/decline-card.ts';
import { type StripeChanges, startStripeChanges } from '../../../test/support/stripe-changes.ts';

const DAY_0 = '2026-02-09T10:00:00Z';

let stripe: StripeChanges;
let site: ChangeSite;
let emulator: StripeChanges['emulator'];
beforeEach(async () => {
  stripe = await startStripeChanges({ token_lifetime_s });
  ({ site, emulator } = stripe);
  await site.plan('basic');
  await site.plan('pro');
  await site.buy(site.xia, 'xia', 'basic', { token: 'pm_card_visa' });
});
afterEach(() => stripe.close());

const cardOnFile = () => site.app.db.selectFrom('payment_methods').selectAll().executeTakeFirst();

async function declineAs(test_card: string): Promise<void> {
  const { method_key } = (await cardOnFile()) ?? assert.fail('a card is on file');
  await makeCardDecline(emulator, method_key, test_card);
}

/** Makes a card as the script of Stripe does: it can be kept once. */
async function makeCard(): Promise<string> {
  return (await stripe.client.paymentMethods.create({ type: 'card', card: { token: 'tok_visa' } })).id;
}

const chargeCalls = () =>
  emulator.control.requests().filter(({ method, path }) => method === 'POST' && path === '/v1/payment_intents').length;

async function noticesOf(): Promise<unknown[]> {
  const failed = await payloadsOf(site, 'renewal_charge_failed');
  const asked = await payloadsOf(site, 'payment_action_required');
  return [...failed, ...asked].map(({ kind, final_notice }) => [kind, final_notice]);
}

const soft = ['renewal soft 02-09T10:00', 'schedule soft 02-10T10:00', 'schedule soft 02-12T10:00'];
const retried = [
  ['soft', false],
  ['soft', false],
  ['soft', true],
];
/** Classes of declines with a card for each code of them, the attempts of dunning and its mails. */
const classes = [
  ['retry', 'insufficient_funds', soft, retried],
  ['retry', 'declined', soft, retried],
  ['retry', 'processing_error', soft, retried],
  ['retry', 'velocity', soft, retried],
  ['authenticate', 'always_asks', ['renewal action 02-09T10:00'], [['action', false]]],
  ['new card', 'expired', ['renewal card 02-09T10:00'], [['card', true]]],
  ['new card', 'incorrect_cvc', ['renewal card 02-09T10:00'], [['card', true]]],
  ['stop', 'lost', ['renewal hard 02-09T10:00'], [['hard', true]]],
  ['stop', 'stolen', ['renewal hard 02-09T10:00'], [['hard', true]]],
  ['stop', 'radar_block', ['renewal hard 02-09T10:00'], [['hard', true]]],
] as const;
for (const [name, card, attempts, notices] of classes) {
  test(`S47: dunning after a decline of the class ${name}: ${card}`, async () => {
    await declineAs(card);
    const before = chargeCalls();
    await site.runAt(DAY_0, RENEW);
    await runHours(site, '2026-02-10T10:00:00Z', '2026-02-13T10:00:00Z', 6);
    assert.deepEqual(await attemptsOf(site), attempts);
    assert.deepEqual(await noticesOf(), notices);
    assert.equal(chargeCalls() - before, attempts.length);
    assert.equal((await cardOnFile())?.unusable_reason, name === 'stop' ? 'stopped' : null);
    // The stored decline says the same as the one that was seen: a job that finds it after a crash decides alike.
    const kinds = await site.app.db.selectFrom('charge_attempts').select('decline_kind').distinct().execute();
    const stored = kinds.map(({ decline_kind }) => decline_kind).filter((kind) => kind !== null);
    assert.deepEqual(stored, [name === 'new card' ? 'new_card' : name]);
  });
}

test('S47: a card that the bank stopped is not charged again, and another card pays', async () => {
  await declineAs('lost');
  await site.runAt(DAY_0, RENEW);
  const before = chargeCalls();
  site.moveTo('2026-02-09T12:00:00Z');
  const retry = await site.xia('POST', '/api/billing/xia/dunning/retry', {});
  assert.equal(retry.json<{ code: string }>().code, 'payment_method_absent');
  assert.equal(chargeCalls(), before);
  await expectStatus(site.xia('PUT', '/api/billing/xia/card', { token: 'pm_card_mastercard' }), 200);
  assert.equal((await cardOnFile())?.unusable_reason, null);
  await site.app.tollgate.worker.drain();
  assert.equal((await casesOf(site))[0]?.state, 'recovered');
});

test('S47: the job of new cards does not try a card again that a retry of the payer put on file and tried', async () => {
  await declineAs('insufficient_funds');
  await site.runAt(DAY_0, RENEW);
  const before = chargeCalls();
  // The card is on file after the whole second at which the retry began.
  site.moveTo('2026-02-09T12:00:00.700Z');
  const retry = await site.xia('POST', '/api/billing/xia/dunning/retry', {
    processor_token: 'pm_card_chargeCustomerFail',
  });
  assert.equal(retry.json<{ code: string }>().code, 'card_declined');
  await site.app.tollgate.worker.drain();
  assert.equal(chargeCalls() - before, 1);
});

test('S47: a card is tried 15 times in 30 days at most, by retries of the payer too, and again when the first try is 30 days old', async () => {
  await declineAs('insufficient_funds');
  const before = chargeCalls();
  await site.runAt(DAY_0, RENEW);
  const codes: string[] = [];
  for (let hour = 1; hour <= 18; hour += 1) {
    site.moveTo(new Date(new Date(DAY_0).getTime() + hour * 3_600_000).toISOString());
    const response = await site.xia('POST', '/api/billing/xia/dunning/retry', {});
    codes.push(response.json<{ code: string }>().code);
  }
  assert.deepEqual(codes, [
    ...Array.from({ length: 14 }, () => 'card_declined'),
    ...Array.from({ length: 4 }, () => 'payment_method_absent'),
  ]);
  assert.equal(chargeCalls() - before, 15);
  const card = await cardOnFile();
  assert.deepEqual([card?.unusable_reason, card?.unusable_until], ['tries', new Date('2026-03-11T10:00:00Z')]);
  // The same card does not begin anew when it is put on file again.
  await expectStatus(site.xia('PUT', '/api/billing/xia/card', { token: 'pm_card_visa' }), 200);
  assert.equal((await cardOnFile())?.unusable_reason, 'tries');
  // Nor after it was removed, or another card was on file in between.
  await expectStatus(site.xia('DELETE', '/api/billing/xia/card'), 204);
  await expectStatus(site.xia('PUT', '/api/billing/xia/card', { token: 'pm_card_mastercard' }), 200);
  assert.equal((await cardOnFile())?.unusable_reason, null);
  await expectStatus(site.xia('PUT', '/api/billing/xia/card', { token: 'pm_card_visa' }), 200);
  const added = await cardOnFile();
  assert.deepEqual([added?.unusable_reason, added?.unusable_until], ['tries', new Date('2026-03-11T10:00:00Z')]);
  const buy = async () => {
    await site.xia('POST', '/api/cart', { plan: 'pro' });
    await site.xia('GET', '/api/billing/xia/checkout');
    return site.xia('POST', '/api/billing/xia/checkout', {});
  };
  site.moveTo('2026-03-11T09:59:59Z');
  assert.equal((await buy()).json<{ code: string }>().code, 'payment_method_absent');
  site.moveTo('2026-03-11T10:00:00Z');
  assert.equal((await buy()).status, 201);
});

test('S73: a retry with a new card whose response was lost is repeated with its key, and keeps the card once', async () => {
  await declineAs('lost');
  await site.runAt(DAY_0, RENEW);
  site.moveTo('2026-02-09T12:00:00Z');
  const processor_token = await makeCard();
  const retry = () =>
    site.xia('POST', '/api/billing/xia/dunning/retry', { processor_token }, { 'idempotency-key': 'retry 1' });
  emulator.control.addFault({ name: 'cut_after', match: { method: 'POST', path: '/v1/setup_intents' } });
  await expectStatus(retry(), 503);
  emulator.control.clearFaults();
  await expectStatus(retry(), 200);
  assert.equal((await cardOnFile())?.method_key, processor_token);
  assert.equal(emulator.control.objects('setup_intent').length, 1);
  assert.equal((await casesOf(site))[0]?.state, 'recovered');
});

test('S73: a trial whose card was kept and whose response was lost begins with the repeated checkout, with one card', async () => {
  const payer = await site.register('tia');
  await site.plan('try', { trial_days: 14, trial_requires_card: true });
  await expectStatus(payer('POST', '/api/cart', { plan: 'try' }), 201);
  await expectStatus(payer('GET', '/api/billing/tia/checkout'), 200);
  const processor_token = await makeCard();
  const begin = () =>
    payer('POST', '/api/billing/tia/checkout', { processor_token }, { 'idempotency-key': 'checkout 1' });
  emulator.control.addFault({ name: 'cut_after', match: { method: 'POST', path: '/v1/setup_intents' } });
  await expectStatus(begin(), 503);
  emulator.control.clearFaults();
  await expectStatus(begin(), 200, 201);
  assert.equal(emulator.control.objects('setup_intent').length, 1);
  const card = await payer('GET', '/api/billing/tia/card');
  assert.equal(card.json<{ last4?: string }>().last4, '4242');
});
