import assert from 'node:assert/strict';
import { Stripe } from 'stripe';
import type { ProcessorRows } from '../../src/simulate/outside/outside-world.ts';
import { test_rows } from '../../src/simulate/outside/test-rows-store.ts';
import { apiClient, type TestResponse } from '../support/client.ts';
import { decideCharge } from '../support/decide-charge.ts';
import { runJob } from '../support/run-job.ts';
import type { TestApp } from '../support/start-app.ts';
import type { Fate } from './model/checkout.ts';
import { stripe_terms, type Terms, test_terms } from './model/terms.ts';

export type ProcessorName = 'test' | 'stripe';

const names: readonly ProcessorName[] = ['test', 'stripe'];

/** The switch of the suites: `PROOF_PROCESSOR` names one processor; without it they run on both. */
export const processors: readonly ProcessorName[] = names.filter(
  (name) => (process.env['PROOF_PROCESSOR'] ?? name) === name,
);
if (processors.length === 0) throw new Error(`PROOF_PROCESSOR is ${names.join(' or ')}`);

type App = Pick<TestApp, 'world' | 'config' | 'db'>;

export const nameOf = ({ world }: Pick<TestApp, 'world'>): ProcessorName => (world === null ? 'test' : 'stripe');

/** Card of each fate. At Stripe a payment is lost by a fault of the connection, not by a card. */
const tokens: Readonly<Record<ProcessorName, Readonly<Record<Fate, string>>>> = {
  test: {
    accepted: 'tok_visa',
    pending: 'tok_chargeAsyncFail',
    declined: 'tok_chargeDeclined',
    lost: 'tok_timeout',
    unreachable: 'tok_unreachable',
  },
  stripe: {
    accepted: 'pm_card_bypassPending',
    pending: 'pm_usBankAccount_success',
    declined: 'pm_card_chargeDeclined',
    lost: 'pm_card_bypassPending',
    unreachable: 'pm_card_bypassPending',
  },
};

/**
 * The payment is made and its answer cut off; the payment is refused before it is read, not as one call too many, after
 * which jobs would pause. Neither is retried.
 */
const faults: Readonly<Partial<Record<Fate, { name: string; values?: Record<string, string> }>>> = {
  lost: { name: 'cut_body' },
  unreachable: { name: '409_lock', values: { should_retry: 'false' } },
};

/** Card whose refunds are decided later. */
export const slowRefundToken = ({ world }: App): string =>
  world === null ? 'tok_refund_pending' : 'pm_card_pendingRefund';
export const tokenOf = (app: App, fate: Fate): string => tokens[nameOf(app)][fate];
export const termsOf = (app: App): Terms => (app.world === null ? test_terms : stripe_terms);
/** What the processor has, as sources of a query. */
export const rowsAt = ({ world }: Pick<TestApp, 'world'>): ProcessorRows => world?.rows() ?? test_rows;

/** Sends a payment of a fate. At Stripe, the messages of a payment without a known outcome are lost too. */
export async function sendPayment<Sent>(app: App, fate: Fate, send: () => Promise<Sent>): Promise<Sent> {
  const sent = await sendFated(app, fate, send);
  if (app.world !== null && faults[fate] !== undefined) await dropMessages(app);
  return sent;
}

/** Sends payments, of which the first has a fate. Its messages arrive later. */
export async function sendFated<Sent>(app: App, fate: Fate, send: () => Promise<Sent>): Promise<Sent> {
  const fault = faults[fate];
  if (app.world === null || fault === undefined) return send();
  await addFault(app, { ...fault, times: 1, match: { method: 'POST', path: '/v1/payment_intents' } });
  try {
    return await send();
  } finally {
    app.world.endFaults();
  }
}

/** Decides a charge at the processor of the site. The message about it is lost. */
export async function decideSilently(app: App, key: string, state: 'done' | 'failed'): Promise<void> {
  await decideUnheard(app, key, state);
  if (app.world !== null) await dropMessages(app);
}

/** Decides a charge at the processor of the site. The message about it was not delivered yet. */
export async function decideUnheard(app: App, key: string, state: 'done' | 'failed'): Promise<void> {
  if (app.world === null) {
    await app.db.updateTable('test_processor_charges').set({ state }).where('key', '=', key).execute();
    return;
  }
  // Refused if it is decided already.
  const { status, code } = await app.world.decideCharge(key, state);
  assert.ok(status === 200 || status === 400, `${key}: ${status} ${code}`);
}

/** Delivers the message about a charge to a node, or the messages about every object. */
export async function reportCharge(
  node: TestApp,
  key: string,
  state: 'disputed' | 'done' | 'failed',
): Promise<TestResponse | typeof taken> {
  if (node.world === null) return apiClient(node)('POST', `/_dev/processor/charges/${key}`, { state });
  return hearStripe(node);
}

/** Delivers the message about a refund that succeeded, or the messages about every object. */
export async function reportRefund(node: TestApp, key: string): Promise<void> {
  if (node.world === null)
    await apiClient(node)('POST', `/_dev/processor/charges/${key}/refund`, { state: 'succeeded' });
  else await hearStripe(node);
}

const taken = { status: 200, text: '' };

async function hearStripe({ world, tollgate }: TestApp): Promise<typeof taken> {
  await world?.deliver();
  await runJob(tollgate, 'handle_processor_events');
  return taken;
}

/** Ends the slow refund of a charge. At Stripe the clock does. */
export async function endSlowRefund({ world, db }: App, key: string): Promise<void> {
  if (world !== null) return;
  const refund = db.updateTable('test_processor_refunds').where('charge_key', '=', key);
  await refund.set({ state: 'succeeded' }).execute();
}

/** Decides a charge, delivers each message about it twice, and handles them. */
export async function decideAloud(
  app: TestApp,
  key: string,
  state: Parameters<typeof decideCharge>[2],
): Promise<{ status: number; text: string }> {
  if (app.world === null) return decideCharge(app, key, state);
  await addFault(app, { name: 'hook_duplicate' });
  const decided = await decideCharge(app, key, state);
  app.world.endFaults();
  await runJob(app.tollgate, 'handle_processor_events');
  return decided;
}

/** Ends the faults and loses every message that was not delivered. */
async function dropMessages(app: App): Promise<void> {
  assert(app.world);
  app.world.endFaults();
  await addFault(app, { name: 'hook_drop' });
  await app.world.deliver();
  app.world.endFaults();
}

async function addFault({ config }: App, rule: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const url = `${config.stripe_api_url}/_emulator/faults`;
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(rule) });
  assert.equal(response.status, 200, await response.text());
}

/** Amount of a sale of another program. Units: the smallest unit. */
const FLOAT = 99_999_999;

/**
 * Gives the account at Stripe money of another program, so that no refund or payout waits for a balance: the model
 * has the books only.
 */
export async function fillBalance({ world, config }: App): Promise<void> {
  if (world === null) return;
  const { hostname: host, port } = new URL(config.stripe_api_url ?? '');
  const stripe = new Stripe(config.stripe_secret_key ?? '', { host, port, protocol: 'http', telemetry: false });
  for (const currency of ['usd', 'jpy'])
    await stripe.paymentIntents.create({
      amount: FLOAT,
      currency,
      confirm: true,
      payment_method: 'pm_card_bypassPending',
      automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    });
}
