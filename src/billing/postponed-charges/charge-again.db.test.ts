import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { dueOf, type ChangeSite, expectStatus } from '../../../test/support/changes.ts';
import { attemptsOf, casesOf, RENEW, token_lifetime_s } from '../../../test/support/dunning.ts';
import { type StripeChanges, startStripeChanges } from '../../../test/support/stripe-changes.ts';

const DAY_0 = '2026-02-09T10:00:00Z';
const AGAIN = 'charge_again';

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

/** Idempotency keys of the calls that charge, with their status; a quote for an API client has another key. */
const chargeCalls = () =>
  emulator.control
    .requests()
    .filter(({ method, path }) => method === 'POST' && path === '/v1/payment_intents')
    .filter(({ idempotency_key }) => /^[0-9a-f]{40}$/.test(idempotency_key ?? ''))
    .map(({ idempotency_key, status }) => ({ key: idempotency_key, status }));
const refuseCharges = (times: number) =>
  emulator.control.addFault({ name: '429', times, match: { method: 'POST', path: '/v1/payment_intents' } });
const chargesCount = async () => (await site.app.db.selectFrom('charges').select('id').execute()).length;

async function pausedGauge(): Promise<number | undefined> {
  const room = site.app.tollgate.rooms.find(({ name }) => name === 'payments');
  const gauges = (await room?.gauges?.[0]?.(site.app.db)) ?? [];
  return gauges.find(({ name }) => name === 'tollgate_processor_paused')?.value;
}

/** Makes Stripe refuse a call that charges nothing. */
async function refuseCall(): Promise<void> {
  const { processors } = await site.app.tollgate.makeContext('test');
  emulator.control.addFault({ name: '429', times: 1, match: { path: '/v1/customers' } });
  await assert.rejects(processors.chosen.hasCustomer({ account: '', customer_key: 'cus_none' }));
}

test('a renewal that Stripe refuses as one call too many is charged after 30 s with the same key, and is no decline', async () => {
  refuseCharges(1);
  const before = chargeCalls().length;
  await site.runAt(DAY_0, RENEW);
  assert.equal(await dueOf(site.xia, 'xia'), 9000);
  await site.runAt('2026-02-09T10:00:29Z', AGAIN);
  assert.equal(chargeCalls().length - before, 1, 'no call within the pause');
  await site.runAt('2026-02-09T10:00:31Z', AGAIN);
  const [refused, paid, ...more] = chargeCalls().slice(before);
  assert.deepEqual([refused?.status, paid?.status, more], [429, 200, []]);
  assert.equal(refused?.key, paid?.key);
  assert.equal(await dueOf(site.xia, 'xia'), 0);
  assert.equal(await chargesCount(), 2);
  assert.deepEqual([await casesOf(site), await attemptsOf(site)], [[], []]);
});

test('while jobs pause no renewal is sent, payers who wait are charged, and jobs that finish orders leave the renewal alone', async () => {
  site.moveTo(DAY_0);
  await refuseCall();
  const before = chargeCalls().length;
  assert.equal(await pausedGauge(), 1);
  await site.runAt(DAY_0, RENEW);
  assert.equal(chargeCalls().length, before);
  const tia = await site.register('tia');
  await site.buy(tia, 'tia', 'pro', { token: 'pm_card_visa' });
  assert.equal(chargeCalls().length, before + 1);
  await site.runAt('2026-02-09T10:05:00Z', 'finish_orders');
  await site.runAt('2026-02-09T10:05:00Z', AGAIN);
  assert.equal(chargeCalls().length, before + 2);
  assert.equal(await dueOf(site.xia, 'xia'), 0);
  assert.deepEqual(await casesOf(site), []);
  assert.equal(await pausedGauge(), 0);
});

test('a charge that Stripe refuses again and again is given up after six calls, and the schedule calls an hour later', async () => {
  refuseCharges(100);
  const before = chargeCalls().length;
  await site.runAt(DAY_0, RENEW);
  for (let minute = 1; minute <= 8; minute += 1)
    await site.runAt(`2026-02-09T10:0${minute}:00Z`, AGAIN, 'finish_orders');
  assert.equal(
    new Set(
      chargeCalls()
        .slice(before)
        .map(({ key }) => key),
    ).size,
    1,
  );
  assert.equal(chargeCalls().length - before, 6);
  emulator.control.clearFaults();
  await site.runAt('2026-02-09T11:00:00Z', RENEW);
  assert.equal(await dueOf(site.xia, 'xia'), 0);
  assert.deepEqual(await casesOf(site), []);
});

test('a charge that waits is given up when its card is gone, and the next run asks for a card', async () => {
  refuseCharges(1);
  await site.runAt(DAY_0, RENEW);
  await expectStatus(site.xia('DELETE', '/api/billing/xia/card'), 204);
  await site.runAt('2026-02-09T10:01:00Z', AGAIN);
  await site.runAt('2026-02-09T10:03:00Z', 'finish_orders');
  await site.runAt('2026-02-09T11:00:00Z', RENEW);
  assert.deepEqual(await attemptsOf(site), ['renewal card 02-09T11:00']);
});

test('a checkout that Stripe refuses as one call too many has no known outcome, and the payer pays again', async () => {
  const tia = await site.register('tia');
  await expectStatus(tia('POST', '/api/cart', { plan: 'pro' }), 201);
  await expectStatus(tia('GET', '/api/billing/tia/checkout'), 200);
  const pay = () => tia('POST', '/api/billing/tia/checkout', { processor_token: 'pm_card_visa' });
  refuseCharges(1);
  const refused = await pay();
  assert.deepEqual([refused.status, refused.json<{ code: string }>().code], [503, 'payment_unknown']);
  await site.runAt('2026-01-10T10:03:00Z', 'finish_orders');
  assert.equal((await pay()).status, 201);
  assert.equal(await chargesCount(), 2);
});
