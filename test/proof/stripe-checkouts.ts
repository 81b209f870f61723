import assert from 'node:assert/strict';
import { verifyLedger } from '#ledger';
import { isDifference, refundCharge, reconcilePayments, findCharge } from '#payments';
import { default_keys, startEmulator, type RunningEmulator } from '../../src/stripe-emulator/index.ts';
import { ledgerChecks } from '../../src/ledger-checks.ts';
import { runJob } from '../support/run-job.ts';
import { startApp, type TestApp } from '../support/start-app.ts';
import type { Model } from './model/model.ts';
import { makeSite, type Site } from './site.ts';

/** Outcome of many checkouts at the emulator of Stripe. */
export interface StripeReport {
  checkouts: number;
  /** Responses by status and code. */
  responses: Map<string, number>;
  /** Faults that the emulator injected, by name. */
  faults: Map<string, number>;
  movements: number;
  /** What the balance at the emulator and the books received. Units: 1/100. */
  net: number;
}

const CLIENTS = 8;
const SITES = 2;
const DAY_MS = 86_400_000;

/** Checkouts between two runs of the jobs: a multiple of CLIENTS. */
const BATCH = 24;
/** Longer than a payment waits for its payer. */
const BATCH_MS = 35 * 60_000;

const jobs = ['settle_pending_charges', 'finish_pending_refunds', 'sweep_processor_events', 'handle_processor_events'];

/** Other jobs that call the processor: a fault may end their run, and the next one goes on. */
const other_callers = [
  'finish_orders',
  'settle_disputes',
  'finish_payouts',
  'reconcile_payouts',
  'forget_card',
  'refund_orphans',
  'update_customers',
];

/** Share of all calls that fail; each fault has an equal part of it. */
const FAULT_RATE = 0.05;

const faults = [
  '500_before',
  '500_after',
  '500_stored',
  '500_no_error',
  '502_html',
  '200_html',
  'cut_before',
  'cut_after',
  'cut_body',
  '429',
  '409_lock',
  'late_balance',
];

/** Cards in their frequency: accepted, declined, never confirmed, disputed later, pending refund. */
const tokens = [
  ...Array.from({ length: 24 }, () => 'pm_card_visa'),
  'pm_card_chargeDeclined',
  'pm_card_chargeDeclinedInsufficientFunds',
  'pm_card_authenticationRequired',
  'pm_card_createDispute',
  'pm_card_pendingRefund',
  'pm_card_mastercard',
];

const broker = { profile_id: null, user_id: null, relation: 'broker', is_manager: true } as const;

/**
 * Checks out `count` carts at the emulator of Stripe while 5 % of its answers are faults of every kind, refunds each
 * tenth charge, lets the jobs finish what is open, and compares the books with the emulator. Fails if a movement or a
 * booking differs, if an order stays open, or if a rule of the ledger is broken. Ends early at `deadline`.
 */
export async function checkOutAtStripe(count: number, deadline = Number.POSITIVE_INFINITY): Promise<StripeReport> {
  const now = new Date('2026-03-10T15:00:00Z');
  let clock: { now(): Date } = { now: () => now };
  const emulator = await startEmulator({ clock: { now: () => clock.now() } });
  const [secret_key, publishable_key] = default_keys;
  const app = await startApp({
    now,
    config: {
      processor: 'stripe',
      stripe_secret_key: secret_key,
      stripe_publishable_key: publishable_key,
      stripe_api_url: emulator.url,
    },
  });
  clock = app.clock;
  try {
    return await run(app, emulator, count, deadline);
  } finally {
    await app.close();
    await emulator.stop();
  }
}

async function run(app: TestApp, emulator: RunningEmulator, count: number, deadline: number): Promise<StripeReport> {
  const began_at = app.clock.now();
  const sites: { site: Site; model: Model }[] = [];
  for (let index = 0; index < SITES; index += 1) sites.push(await makeSite(app));
  const callers = sites.flatMap(({ site, model }) => model.buyers.map((buyer) => ({ site, model, buyer })));
  const report: StripeReport = { checkouts: 0, responses: new Map(), faults: new Map(), movements: 0, net: 0 };
  // A running site sweeps every ten minutes: its cursor is not far behind.
  await runJob(app.tollgate, 'sweep_processor_events');
  for (const [index, name] of faults.entries())
    emulator.control.addFault({ name, rate: FAULT_RATE / faults.length, seed: `${index}`, values: { s: '60' } });

  // One client for each buyer: the carts of a buyer are checked out one after the other.
  while (report.checkouts < count && Date.now() < deadline) {
    const end = Math.min(count, report.checkouts + BATCH);
    const client = async (first: number) => {
      for (let number = report.checkouts + first; number < end; number += CLIENTS) {
        const caller = callers[number % CLIENTS];
        if (caller) await checkOutOnce(app, caller, number, report);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, (_, index) => client(index)));
    report.checkouts = end;
    await finishBatch(app, sites[0]?.site);
  }
  for (const { faults: names } of emulator.control.requests())
    for (const name of names) report.faults.set(name, (report.faults.get(name) ?? 0) + 1);
  emulator.control.clearFaults();
  for (let day = 0; day < 3; day += 1) await sites[0]?.site.moveClock(DAY_MS + 3_600_000);
  await compare(app, began_at, report);
  return report;
}

/** Lets the jobs finish what the faults left open. Their calls fail as often, so a run of a job may. */
async function finishBatch(app: TestApp, site: Site | undefined): Promise<void> {
  await app.db.deleteFrom('rate_limits').execute();
  await site?.moveClock(BATCH_MS, [...jobs, ...other_callers]);
  for (const name of jobs) await runJob(app.tollgate, name).catch(() => {});
}

interface Caller {
  site: Site;
  model: Model;
  buyer: string;
}

async function checkOutOnce(
  app: TestApp,
  { site, model, buyer }: Caller,
  number: number,
  { responses }: StripeReport,
): Promise<void> {
  const plan = model.plans[number % 4];
  const processor_token = tokens[number % tokens.length];
  const headers = { 'idempotency-key': `checkout-${number}` };
  const url = `/api/billing/${buyer}/checkout`;
  const added = await site.call(buyer, 'POST', '/api/cart', { plan: plan?.slug, option: 1 });
  const seen = added.status < 300 ? await site.call(buyer, 'GET', url) : added;
  const reply = seen.status === 200 ? await site.call(buyer, 'POST', url, { processor_token }, { headers }) : seen;
  const body = reply.text.startsWith('{') ? (JSON.parse(reply.text) as { code?: string; processor_key?: string }) : {};
  const name = `${reply.status} ${body.code ?? ''}`.trim();
  responses.set(name, (responses.get(name) ?? 0) + 1);
  assert.ok(reply.status < 400 || body.code !== undefined, `an error has a code: ${reply.status} ${reply.text}`);
  if (number % 10 === 0 && body.processor_key !== undefined) await refundPart(app, body.processor_key, responses);
}

/** Refunds a third of the first line; a fault leaves the refund to the jobs. */
async function refundPart(app: TestApp, processor_key: string, responses: Map<string, number>): Promise<void> {
  const ctx = await app.tollgate.makeContext('refund');
  const charge = await findCharge(ctx.db, processor_key);
  assert(charge);
  const outcome = await refundCharge(ctx, broker, charge, [
    { num: 0, refunded_amount: Math.ceil(charge.amount / 3) },
  ]).then(
    () => 'refund',
    (error: unknown) => `refund ${(error as { code?: string }).code}`,
  );
  responses.set(outcome, (responses.get(outcome) ?? 0) + 1);
}

async function compare(app: TestApp, from: Date, report: StripeReport): Promise<void> {
  const ctx = await app.tollgate.makeContext('reconcile');
  const different: unknown[] = [];
  const { sums } = await reconcilePayments(ctx, {
    from: new Date(from.getTime() - DAY_MS),
    to: new Date(app.clock.now().getTime() + 1000),
    processor: ctx.processors.chosen,
    account: '',
    fix: false,
    onFinding: (finding) => void (isDifference(finding) || finding.kind === 'pending' ? different.push(finding) : null),
  });
  assert.deepEqual(different, [], 'the books and the emulator have the same movements');
  for (const { movements_count, at_processor, in_books } of sums.values()) {
    assert.equal(in_books, at_processor, 'the sums are equal to the cent');
    report.movements += movements_count;
    report.net += at_processor;
  }
  const open = await app.db.selectFrom('orders').select('id').where('state', '=', 'reserved').execute();
  assert.deepEqual(open, [], 'the jobs finish every order');
  assert.deepEqual((await verifyLedger(app.db, { checks: ledgerChecks })).violations, []);
}
