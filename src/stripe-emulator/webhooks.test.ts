import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import Stripe from 'stripe';
import { startStripe } from '../../test/support/stripe-emulator.ts';
import { API_VERSION } from './engine/index.ts';

const SECRET = 'whsec_test';
const order = {
  amount: 2000,
  currency: 'usd',
  confirm: true,
  capture_method: 'automatic',
  payment_method: 'pm_card_visa',
  automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
} as const;

interface Delivery {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly path: string;
}

/** Starts a receiver; `statuses` are its next responses, then 200. */
async function startReceiver(statuses: number[] = []) {
  const received: Delivery[] = [];
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      received.push({ headers: req.headers, body: Buffer.concat(chunks).toString(), path: req.url ?? '' });
      res.writeHead(statuses.shift() ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    types: () => received.map(({ body }) => (JSON.parse(body) as Stripe.Event).type),
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

test('S1 the emulator answers in the version that the package pins', () => {
  assert.equal(API_VERSION, Stripe.API_VERSION);
});

test('events are signed, in order, and go to the endpoints of their account', async () => {
  await using receiver = await startReceiver();
  const webhooks = [
    { url: `${receiver.url}/platform`, secret: SECRET },
    { url: `${receiver.url}/connect`, secret: SECRET, is_connect: true },
  ];
  await using site = await startStripe({ webhooks, accounts: ['acct_club'] });
  const { stripe, emulator } = site;
  await emulator.control.flush();
  receiver.received.length = 0;
  const intent = await stripe.paymentIntents.create(
    { ...order, application_fee_amount: 200 },
    { stripeAccount: 'acct_club' },
  );
  await emulator.control.flush();
  const at = (path: string) => receiver.received.filter((delivery) => delivery.path === path);
  const eventsAt = (path: string) =>
    at(path).map(({ body, headers }) =>
      stripe.webhooks.constructEvent(
        body,
        String(headers['stripe-signature']),
        SECRET,
        undefined,
        undefined,
        emulator.control.now().getTime(),
      ),
    );
  assert.deepEqual(
    eventsAt('/connect').map(({ type, account }) => [type, account]),
    ['payment_intent.created', 'charge.succeeded', 'payment_intent.succeeded'].map((type) => [type, 'acct_club']),
  );
  const [fee] = eventsAt('/platform');
  assert.deepEqual([fee?.type, fee?.account], ['application_fee.created', undefined]);
  const [first] = receiver.received;
  assert.match(String(first?.headers['user-agent']), /^Stripe\/1\.0/);
  assert.match(first?.body ?? '', /^\{\n {2}"id"/);
  const charge = await stripe.charges.retrieve(String(intent.latest_charge), {}, { stripeAccount: 'acct_club' });
  assert.match(String(charge.application_fee), /^fee_/);
  assert.equal((await stripe.events.retrieve(fee?.id ?? '')).pending_webhooks, 0);
});

test('a failed delivery is repeated by the clock, and its event counts as pending until a 2xx', async () => {
  await using receiver = await startReceiver([500, 302]);
  await using site = await startStripe({ webhooks: [{ url: receiver.url, secret: SECRET }] });
  const { stripe, emulator } = site;
  await stripe.customers.create();
  await emulator.control.flush();
  const pending = async () => (await stripe.events.list({ type: 'customer.created' })).data[0]?.pending_webhooks;
  assert.deepEqual([receiver.received.length, await pending()], [1, 1]);
  await emulator.control.advance(10);
  assert.deepEqual([receiver.received.length, await pending()], [2, 1]);
  await emulator.control.advance(59);
  assert.equal(receiver.received.length, 2);
  await emulator.control.advance(1);
  assert.deepEqual([receiver.received.length, await pending()], [3, 0]);
  assert.deepEqual(
    emulator.control.deliveries().map(({ status, attempt }) => [attempt, status]),
    [[1, 500], [2, 302], [3, 200]], // oxfmt-ignore
  );
});

test('with events_before_answer an event arrives before the answer of its call', async () => {
  await using receiver = await startReceiver();
  await using site = await startStripe({ webhooks: [{ url: receiver.url, secret: SECRET }] });
  site.emulator.control.change({ events_before_answer: true });
  await site.stripe.customers.create();
  assert.deepEqual(receiver.types(), ['customer.created']);
});

test('a rolled secret signs together with the older one for 24 hours', async () => {
  await using receiver = await startReceiver();
  await using site = await startStripe();
  const { stripe, emulator } = site;
  const endpoint = await stripe.webhookEndpoints.create({ url: receiver.url, enabled_events: ['customer.created'] });
  assert.match(endpoint.secret ?? '', /^whsec_/);
  assert.equal((await stripe.webhookEndpoints.retrieve(endpoint.id)).secret, undefined);
  await fetch(`${emulator.url}/_emulator/webhook_endpoints/${endpoint.id}/roll`, { method: 'POST' });
  await stripe.customers.create();
  await emulator.control.flush();
  const signatures = () => String(receiver.received.at(-1)?.headers['stripe-signature']).match(/v1=/g)?.length;
  assert.equal(signatures(), 2);
  await emulator.control.advance(86_401);
  await stripe.customers.create();
  await emulator.control.flush();
  assert.equal(signatures(), 1);
});

// oxfmt-ignore
const hook_faults: [name: string, values: Record<string, string>, deliveries: number, is_valid: boolean][] = [
  ['hook_duplicate', { n: '2' }, 3, true], ['hook_twin', {}, 2, true], ['hook_drop', {}, 0, true],
  ['hook_delay', { s: '60' }, 0, true], ['hook_bad_signature', {}, 1, false], ['hook_old', {}, 1, false],
  ['hook_future', {}, 1, true], ['hook_huge', {}, 1, true], ['hook_other_account', {}, 1, true], ['hook_other_mode', {}, 1, true],
];

test('each fault of deliveries acts once, and events.list has the event in any case', async () => {
  await using receiver = await startReceiver();
  await using site = await startStripe({ webhooks: [{ url: receiver.url, secret: SECRET }] });
  const { stripe, emulator } = site;
  for (const [name, values, count, is_valid] of hook_faults) {
    receiver.received.length = 0;
    emulator.control.clearFaults();
    emulator.control.addFault({ name, values, times: 1 });
    const { id } = await stripe.customers.create();
    await emulator.control.flush();
    assert.equal(receiver.received.length, count, name);
    const now_ms = emulator.control.now().getTime();
    for (const { body, headers } of receiver.received) {
      const read = () =>
        stripe.webhooks.constructEvent(body, String(headers['stripe-signature']), SECRET, 300, undefined, now_ms);
      if (is_valid) assert.doesNotThrow(read, name);
      else assert.throws(read, name);
    }
    const { data } = await stripe.events.list({ type: 'customer.created' });
    assert.ok(
      data.some((event) => (event.data.object as { id: string }).id === id),
      name,
    );
    await emulator.control.advance(60);
  }
  assert.equal(receiver.received.length, 1, 'the last event arrived once');
});
