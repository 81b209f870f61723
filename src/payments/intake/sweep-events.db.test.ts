import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Stripe } from 'stripe';
import { runJob } from '../../../test/support/run-job.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';
import { default_keys, type RunningEmulator, startEmulator } from '../../stripe-emulator/index.ts';

const [secret_key, publishable_key] = default_keys;

let app: TestApp;
let emulator: RunningEmulator;
let client: Stripe;
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
});
after(async () => {
  await app.close();
  await emulator.stop();
});

async function pay(): Promise<string> {
  const intent = await client.paymentIntents.create({
    amount: 2000,
    currency: 'usd',
    payment_method: 'pm_card_visa',
    confirm: true,
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
  });
  assert(typeof intent.latest_charge === 'string');
  return intent.latest_charge;
}
const storedOf = (charge: string) =>
  app.db.selectFrom('processor_events').select(['event_key', 'kind']).where('object_key', '=', charge).execute();
const sweep = () => runJob(app.tollgate, 'sweep_processor_events');

test('an event that no request brought is stored by the sweep, once', async () => {
  const charge = await pay();
  await sweep();
  const stored = await storedOf(charge);
  assert(stored.length > 0 && stored.every(({ kind }) => kind === 'charge'));
  await client.refunds.create({ charge });
  app.clock.set(new Date(app.clock.now().getTime() + 600_000));
  await sweep();
  await sweep();
  const later = await storedOf(charge);
  assert.equal(new Set(later.map(({ event_key }) => event_key)).size, later.length);
  assert(later.some(({ kind }) => kind === 'refund'));
});

test('after a failed list the next sweep begins where the last good one ended', async () => {
  await sweep();
  emulator.control.addFault({ name: '500_before', match: { path: '/v1/events' } });
  const charge = await pay();
  await assert.rejects(sweep());
  emulator.control.clearFaults();
  app.clock.set(new Date(app.clock.now().getTime() + 20 * 86_400_000));
  await sweep();
  assert((await storedOf(charge)).length > 0);
});
