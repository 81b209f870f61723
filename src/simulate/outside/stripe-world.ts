import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Clock } from '#platform/clock';
import { type RunningEmulator, startEmulator } from '#stripe-emulator';
import type { Tollgate } from '../../app.ts';
import type { Reply } from '../site.ts';
import type { OutsideWorld } from './outside-world.ts';
import { payoutsOf, rowsOf } from './stripe-rows-store.ts';

const SECRET = 'whsec_simulated';
const CONNECT_SECRET = 'whsec_simulated_connect';
const PATH = '/api/stripe/postevent';

/**
 * Faults of the connection, beside those of the calls: responses that are lost after the work was done, and messages
 * that are lost, repeated or late. Units: `rate` is a share of the requests.
 */
const connection_faults = [
  { name: '500_after', rate: 0.005, match: { method: 'POST', path: '/v1/' } },
  { name: 'cut_after', rate: 0.005, match: { method: 'POST', path: '/v1/' } },
  { name: 'hook_drop', rate: 0.05 },
  { name: 'hook_duplicate', rate: 0.1 },
  { name: 'hook_delay', rate: 0.05, values: { s: '7200' } },
];

interface StripeWorldOptions {
  clock: Clock;
  seed: number;
  has_faults?: boolean;
}

/** Starts the emulator of Stripe on the clock of a site. Its ids and faults come from the seed. */
export async function startStripeWorld({ clock, seed, has_faults = true }: StripeWorldOptions): Promise<OutsideWorld> {
  let connected: Tollgate | null = null;
  const receiver = await startReceiver(() => connected);
  const { port } = receiver.address() as AddressInfo; // a listening TCP server has one
  const site = `http://127.0.0.1:${port}${PATH}`;
  const emulator = await startEmulator({
    clock,
    seed: String(seed),
    delivers_on_flush: true,
    webhooks: [
      { url: site, secret: SECRET },
      { url: `${site}/connect`, secret: CONNECT_SECRET, is_connect: true },
    ],
  });
  const { control, url } = emulator;
  for (const fault of has_faults ? connection_faults : []) control.addFault({ ...fault, seed: String(seed) });
  return {
    config: {
      processor: 'stripe',
      stripe_secret_key: 'sk_test_tollgate',
      stripe_publishable_key: 'pk_test_tollgate',
      stripe_api_url: url,
      stripe_webhook_secrets: SECRET,
      stripe_connect_webhook_secrets: CONNECT_SECRET,
    },
    tokens: {
      good: 'pm_card_bypassPending',
      other: 'pm_card_mastercard',
      declined: 'pm_card_chargeDeclinedExpiredCard',
      slow: 'pm_usBankAccount_success',
    },
    connect(tollgate) {
      connected = tollgate;
    },
    decideCharge: (key, state) => decideCharge(emulator, key, state),
    listPayouts: async () => payoutsOf(emulator).map(({ key, state }) => ({ key, state })),
    decidePayout: (key, state) => act(url, `payouts/${key}`, { to: state }),
    rows: () => rowsOf(emulator),
    deliver: () => control.flush(),
    endFaults: () => control.clearFaults(),
    violations: () => control.invariants(),
    async stop() {
      await emulator.stop();
      receiver.closeAllConnections();
      await new Promise((resolve) => receiver.close(resolve));
    },
  };
}

/** Receives the messages, in place of the listening site: a simulated one has no port. */
async function startReceiver(connected: () => Tollgate | null): Promise<Server> {
  const server = createServer((request, response) => {
    void relay(connected(), request).then(
      (status) => response.writeHead(status).end(),
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return server;
}

async function relay(tollgate: Tollgate | null, request: IncomingMessage): Promise<number> {
  const payload = await buffer(request);
  if (!tollgate) return 503;
  const { 'content-type': type = 'application/json', 'stripe-signature': signature = '' } = request.headers;
  const headers = { 'content-type': type, 'stripe-signature': signature };
  const reply = await tollgate.http.inject({ method: 'POST', url: request.url ?? PATH, headers, payload });
  return reply.statusCode;
}

/** Acts as the outside would, by the control pages of the emulator. */
async function act(url: string, path: string, body: object): Promise<Reply> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/_emulator/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (response.ok) return { status: response.status, code: null, body: {} };
  // As a refusal of the test processor: a decision that comes second, for example.
  const code = 'refused';
  return { status: response.status, code, body: { code, detail: (await response.text()).slice(0, 500) } };
}

type Decision = Parameters<OutsideWorld['decideCharge']>[1];

async function decideCharge({ control, url }: RunningEmulator, key: string, state: Decision): Promise<Reply> {
  if (state === 'disputed') return act(url, `charges/${key}/dispute`, {});
  if (state === 'won' || state === 'lost') {
    const open = control.objects('dispute').findLast((each) => each['charge'] === key);
    return act(url, `disputes/${open?.id ?? ''}`, { to: state });
  }
  const intent = String(control.object(key)?.['payment_intent']);
  return act(url, `payment_intents/${intent}`, { to: state === 'done' ? 'finish' : 'fail_later' });
}
