import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Stripe } from 'stripe';
import { runJob } from '../../../test/support/run-job.ts';
import type { TestApp } from '../../../test/support/start-app.ts';
import { startStripeSite, type StripeSite } from '../../../test/support/stripe-site.ts';
import type { RunningEmulator } from '../../stripe-emulator/index.ts';

let site: StripeSite;
let app: TestApp;
let emulator: RunningEmulator;
let client: Stripe;
before(async () => {
  site = await startStripeSite();
  ({ app, emulator, client } = site);
});
after(() => site.close());

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

test('a first sweep that fails is repeated from its own beginning', async () => {
  emulator.control.addFault({ name: '500_before', match: { path: '/v1/events' } });
  const charge = await pay();
  await assert.rejects(sweep());
  emulator.control.clearFaults();
  app.clock.set(new Date(app.clock.now().getTime() + 5 * 3_600_000));
  await sweep();
  assert((await storedOf(charge)).length > 0);
});

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
