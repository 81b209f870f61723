import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { verifyLedger } from '#ledger';
import { type ChangeSite, expectStatus, startChanges } from '../../../test/support/changes.ts';
import { default_keys, type RunningEmulator, startEmulator } from '../../stripe-emulator/index.ts';

const [stripe_secret_key, stripe_publishable_key] = default_keys;

let site: ChangeSite;
let emulator: RunningEmulator;
before(async () => {
  let clock: { now(): Date } = { now: () => new Date('2026-01-10T10:00:00Z') };
  emulator = await startEmulator({ clock: { now: () => clock.now() } });
  const stripe_api_url = emulator.url;
  const config = { processor: 'stripe', stripe_secret_key, stripe_publishable_key, stripe_api_url };
  site = await startChanges({ config });
  clock = site.app.clock;
  await site.plan('basic', { period_amount: 9000 });
  await site.plan('pro', { period_amount: 24_900 });
  await site.buy(site.xia, 'xia', 'basic', { token: 'pm_card_visa' });
});
after(async () => {
  await site.close();
  await emulator.stop();
});

test('S29: a change whose payment took money is made at once, and the payment is booked when Stripe shows its fee', async () => {
  site.moveTo('2026-01-20T10:00:00Z');
  const url = '/api/profile/xia/subscriptions/basic/change';
  const shown = await expectStatus(site.xia('GET', `${url}?to=pro&at=now`), 200);
  const { preview_key } = shown.json<{ preview_key: string }>();
  emulator.control.addFault({ name: 'late_balance', values: { s: '5' }, match: { path: '/v1/payment_intents' } });
  await expectStatus(site.xia('POST', url, { to: 'pro', at: 'now', preview_key }), 200);
  emulator.control.clearFaults();
  const { db } = site.app;
  const newest = () =>
    db.selectFrom('charges').select(['state', 'amount']).orderBy('id', 'desc').executeTakeFirstOrThrow();
  const changes = await db.selectFrom('subscription_changes').select('state').execute();
  assert.deepEqual([changes, (await newest()).state], [[{ state: 'settled' }], 'created']);
  assert.deepEqual((await verifyLedger(db)).violations, []);
  site.moveTo('2026-01-20T10:00:10Z');
  await emulator.control.advance(0);
  await site.app.tollgate.worker.drain();
  assert.equal((await newest()).state, 'done');
  assert.deepEqual([(await verifyLedger(db)).violations, emulator.control.invariants()], [[], []]);
});
