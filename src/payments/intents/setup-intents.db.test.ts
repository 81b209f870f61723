import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Stripe } from 'stripe';
import { next } from '../../../test/support/factories.ts';
import { type Call, type ChangeSite, startChanges } from '../../../test/support/changes.ts';
import { default_keys, type RunningEmulator, startEmulator } from '../../stripe-emulator/index.ts';

const [stripe_secret_key, stripe_publishable_key] = default_keys;

let site: ChangeSite;
let emulator: RunningEmulator;
/** The script of Stripe in the browser of the payer. */
let browser: Stripe;
before(async () => {
  const now = new Date('2026-01-10T10:00:00Z');
  let clock: { now(): Date } = { now: () => now };
  emulator = await startEmulator({ clock: { now: () => clock.now() } });
  const { hostname: host, port } = new URL(emulator.url);
  browser = new Stripe(stripe_publishable_key, { host, port, protocol: 'http', telemetry: false });
  const config = { processor: 'stripe', stripe_secret_key, stripe_publishable_key, stripe_api_url: emulator.url };
  site = await startChanges({ config });
  clock = site.app.clock;
});
after(async () => {
  await site.close();
  await emulator.stop();
});

interface Card {
  processor: { STRIPE_INTENT_SECRET: string | null; STRIPE_ACCOUNT: string | null } | null;
  last4?: string;
  code?: string;
}

async function makePayer() {
  const name = next('payer');
  const call = await site.register(name);
  const url = `/api/billing/${name}/card`;
  return {
    url,
    get: async (by: Call = call) => (await by('GET', `${url}?update=1`)).json<Card>(),
    async put(token: string) {
      const response = await call('PUT', url, { token });
      return { status: response.status, ...response.json<Card>() };
    },
  };
}
type Payer = Awaited<ReturnType<typeof makePayer>>;

async function secretOf(payer: Payer): Promise<string> {
  return (await payer.get()).processor?.STRIPE_INTENT_SECRET ?? assert.fail('the card has no secret');
}

async function confirmThere(client_secret: string, payment_method = 'pm_card_visa'): Promise<string> {
  const id = client_secret.replace(/_secret_.*$/, '');
  const params = { client_secret, payment_method, return_url: 'https://payer.test/' };
  await browser.setupIntents.confirm(id, params);
  return id;
}

const setups = () =>
  emulator.control.requests().filter(({ method, path }) => method === 'POST' && path === '/v1/setup_intents').length;

test('S50: ten requests for the keys of a card open one card to keep, and without update none', async () => {
  const payer = await makePayer();
  const before_count = setups();
  const secrets = new Set<string>();
  for (let count = 0; count < 10; count += 1) secrets.add(await secretOf(payer));
  assert.deepEqual([secrets.size, setups() - before_count], [1, 1]);
  assert.equal((await payer.get()).processor?.STRIPE_INTENT_SECRET, null, 'ten in a minute');
});

test('S50: a card to keep that was confirmed is put on file once, and another one takes its place', async () => {
  const payer = await makePayer();
  const secret = await secretOf(payer);
  const kept = await payer.put(await confirmThere(secret));
  assert.deepEqual([kept.status, kept.last4], [200, '4242']);
  assert.notEqual(await secretOf(payer), secret);
});

test('S39: a card to keep of another customer, an unknown one and one that is not confirmed are refused', async () => {
  const [payer, other] = [await makePayer(), await makePayer()];
  const own = await secretOf(payer);
  const foreign = await confirmThere(await secretOf(other));
  assert.deepEqual(await codeOf(payer, foreign), [400, 'intent_foreign']);
  assert.deepEqual(await codeOf(payer, 'seti_unknown'), [400, 'intent_unknown']);
  assert.deepEqual(await codeOf(payer, own.replace(/_secret_.*$/, '')), [400, 'intent_unusable']);
  assert.equal((await payer.get()).last4, undefined);
  assert.equal((await other.put(foreign)).status, 200);
});

test('only the managers of a profile get the secret of a card to keep, and a failure of Stripe leaves it out', async () => {
  const payer = await makePayer();
  const seen = await payer.get(site.broker);
  assert.deepEqual([seen.processor?.STRIPE_INTENT_SECRET, seen.processor?.STRIPE_ACCOUNT], [null, null]);
  emulator.control.addFault({ name: '500_before', match: { path: '/v1/setup_intents' } });
  assert.equal((await payer.get()).processor?.STRIPE_INTENT_SECRET, null);
  emulator.control.clearFaults();
  await secretOf(payer);
});

async function codeOf(payer: Payer, token: string) {
  const { status, code } = await payer.put(token);
  return [status, code];
}
