import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Stripe } from 'stripe';
import { verifyLedger } from '#ledger';
import { inTransaction } from '#platform/db/database';
import { findSite } from '#platform/site';
import { linesOf, makeAttempt, makeCharge } from '../../../test/support/factories/payments.ts';
import { makeParty } from '../../../test/support/factories/ledger.ts';
import { runJob } from '../../../test/support/run-job.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';
import { default_keys, type RunningEmulator, startEmulator } from '../../stripe-emulator/index.ts';
import { callProcessor, findOutcome } from '../charges/call-processor.ts';
import { recordCharge } from '../charges/record-charge.ts';
import { isAccepted, type PaymentContext } from '../processors/index.ts';
import { refundCharge } from '../refunds/refund-charge.ts';
import { type Finding, isDifference } from './finding.ts';
import { reconcilePayments } from './reconcile-payments.ts';

const [secret_key, publishable_key] = default_keys;
const broker = { profile_id: null, user_id: null, relation: 'broker', is_manager: true } as const;

let app: TestApp;
let emulator: RunningEmulator;
let client: Stripe;
let ctx: PaymentContext;
before(async () => {
  const now = new Date('2026-03-10T15:00:00Z');
  let clock: { now(): Date } = { now: () => now };
  emulator = await startEmulator({ clock: { now: () => clock.now() } });
  const { hostname: host, port } = new URL(emulator.url);
  client = new Stripe(secret_key, { host, port, protocol: 'http', telemetry: false });
  const config = {
    processor: 'stripe',
    stripe_secret_key: secret_key,
    stripe_publishable_key: publishable_key,
    stripe_api_url: emulator.url,
  };
  app = await startApp({ now, config });
  clock = app.clock;
  ctx = { ...(await app.tollgate.makeContext('test')), actor: { kind: 'anonymous', visitor_hash: null } };
});
after(async () => {
  await app.close();
  await emulator.stop();
});

/** A day of its own for each test, so that its span has nothing of the others. */
function nextDay(): void {
  app.clock.set(new Date(app.clock.now().getTime() + 86_400_000));
}

async function reconcile(more: { fix?: boolean } = {}) {
  const findings: Finding[] = [];
  const at_ms = app.clock.now().getTime();
  const span = { from: new Date(at_ms - 3_600_000), to: new Date(at_ms + 3_600_000) };
  const options = { ...span, processor: ctx.processors.chosen, account: '', fix: false, ...more };
  const { differences_count, sums } = await reconcilePayments(ctx, {
    ...options,
    onFinding: (finding) => void findings.push(finding),
  });
  const differences = findings.filter(isDifference);
  assert.equal(differences_count, differences.length);
  return { findings, differences, kinds: differences.map(({ kind }) => kind), sum: sums.get('usd') };
}

async function makeSale(amounts = [17_999], token = 'pm_card_visa') {
  const payer = await makeParty(app.db);
  const provider = await makeParty(app.db);
  return { ...(await makeCharge(ctx, { payer, provider, amounts, token, broker_fee_percent: 1000 })), payer, provider };
}

async function learn(): Promise<void> {
  await runJob(app.tollgate, 'sweep_processor_events');
  await runJob(app.tollgate, 'handle_processor_events');
}

/** Pays at Stripe without Tollgate. */
async function payThere(metadata: Record<string, string>, token = 'pm_card_visa'): Promise<string> {
  const { latest_charge } = await client.paymentIntents.create({
    amount: 2000,
    currency: 'usd',
    payment_method: token,
    confirm: true,
    capture_method: 'automatic',
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    metadata,
  });
  assert(typeof latest_charge === 'string');
  return latest_charge;
}
const installation = async () => (await findSite(app.db))?.installation ?? assert.fail('no site');

test('sales, refunds and disputes that the books have differ in nothing, and money of providers is listed as held', async () => {
  nextDay();
  const { charge, provider } = await makeSale([3333, 1667]);
  await refundCharge(ctx, broker, charge, [{ num: 0, refunded_amount: 1000 }]);
  const { charge: other } = await makeSale();
  await client.refunds.create({ charge: other.processor_key, amount: 500 });
  await learn();
  const { differences, findings, sum } = await reconcile();
  assert.deepEqual(differences, []);
  assert(sum && sum.movements_count === 4 && sum.at_processor === sum.in_books, JSON.stringify(sum));
  const slug = await app.db.selectFrom('profiles').select('slug').where('id', '=', provider).executeTakeFirstOrThrow();
  assert.equal(findings.filter(({ kind, object }) => kind === 'held' && object === slug.slug).length, 1);
});

test('S75: a payment whose response was lost is a missing charge, until its order is finished', async () => {
  nextDay();
  const [payer, provider] = [await makeParty(app.db), await makeParty(app.db)];
  const { attempt, orders } = await makeAttempt(ctx, { payer, provider, token: 'pm_card_visa' });
  await callProcessor(ctx, attempt);
  const { differences } = await reconcile();
  assert.deepEqual(
    differences.map(({ kind, at_processor, in_books }) => [kind, at_processor, in_books]),
    [['missing_charge', 1912, null]],
  );
  assert.deepEqual((await reconcile({ fix: true })).kinds, ['missing_charge']);
  const outcome = await findOutcome(ctx, attempt);
  assert(isAccepted(outcome));
  await inTransaction(ctx.db, (tx) => recordCharge(tx, attempt, outcome, linesOf(orders), ctx.clock.now()));
  assert.deepEqual((await reconcile()).differences, []);
});

test('S75: a payment of this site without an attempt is an orphan, one of another origin is noted only', async () => {
  nextDay();
  const orphan = await payThere({ tollgate_site: await installation(), tollgate_attempt: 'no such attempt' });
  const foreign = await payThere({});
  const { differences, findings } = await reconcile();
  assert.deepEqual(
    differences.map(({ kind, object }) => [kind, object]),
    [['orphan', orphan]],
  );
  assert.deepEqual(
    findings.filter(({ kind }) => kind === 'foreign').map(({ object }) => object),
    [foreign],
  );
});

test('S75: a charge that is booked with another fee is listed once', async () => {
  nextDay();
  const [payer, provider] = [await makeParty(app.db), await makeParty(app.db)];
  const { attempt, orders } = await makeAttempt(ctx, { payer, provider, token: 'pm_card_visa' });
  const outcome = await callProcessor(ctx, attempt);
  assert(isAccepted(outcome) && outcome.evidence.state === 'done');
  const evidence = { ...outcome.evidence, funds: { net: 1913, fee: 87, unit: 'usd' } };
  await inTransaction(ctx.db, (tx) =>
    recordCharge(tx, attempt, { ...outcome, evidence }, linesOf(orders), ctx.clock.now()),
  );
  const { differences } = await reconcile();
  assert.deepEqual(
    differences.map(({ kind, object, at_processor, in_books }) => [kind, object, at_processor, in_books]),
    [['fee', outcome.processor_key, 1912, 1913]],
  );
});

test('S75: a refund that the books lack is listed once, and booked with fix', async () => {
  nextDay();
  const { charge } = await makeSale();
  const { id } = await client.refunds.create({ charge: charge.processor_key, amount: 4000 });
  const { differences } = await reconcile();
  assert.deepEqual(
    differences.map(({ kind, object, at_processor }) => [kind, object, at_processor]),
    [['lost_refund', id, -4000]],
  );
  const fixed = await reconcile({ fix: true });
  assert.deepEqual([fixed.kinds, fixed.findings.filter(({ is_fixed }) => is_fixed).length], [[], 1]);
  const { differences: left, sum } = await reconcile();
  assert.deepEqual([left, sum?.at_processor], [[], sum?.in_books]);
  assert.deepEqual((await verifyLedger(app.db)).violations, []);
});

test('a refund that is on its way is noted, and a dispute that no message brought is listed', async () => {
  nextDay();
  const { charge } = await makeSale([2000], 'pm_card_pendingRefund');
  await refundCharge(ctx, broker, charge, [{ num: 0, refunded_amount: 500 }]);
  const { charge: disputed } = await makeSale([2000], 'pm_card_createDispute');
  const { kinds, findings } = await reconcile();
  assert.deepEqual(kinds, ['missing']);
  assert.equal(findings.filter(({ kind }) => kind === 'pending').length, 1);
  assert.deepEqual((await reconcile({ fix: true })).kinds, []);
  assert.equal((await client.disputes.list({ charge: disputed.processor_key })).data.length, 1);
});

test('a refund that failed after it was booked is missing until its return is booked, one that failed before leaves nothing', async () => {
  nextDay();
  const fail = async (charge: string) => {
    const [refund] = (await client.refunds.list({ charge })).data;
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ to: 'failed' });
    await fetch(`${emulator.url}/_emulator/refunds/${refund?.id}`, { method: 'POST', headers, body });
  };
  const { charge } = await makeSale([2000]);
  await refundCharge(ctx, broker, charge, [{ num: 0, refunded_amount: 500 }]);
  await fail(charge.processor_key);
  const { charge: other } = await makeSale([2000]);
  await client.refunds.create({ charge: other.processor_key, amount: 300 });
  await fail(other.processor_key);
  const { kinds, findings } = await reconcile();
  assert.deepEqual([kinds, findings.filter(({ kind }) => kind === 'returned').length], [['missing'], 2]);
  await learn();
  assert.deepEqual((await reconcile()).kinds, []);
});

test('a booking that Stripe does not have is listed, wherever its instant is', async () => {
  nextDay();
  const { charge } = await makeSale();
  emulator.control.reset();
  const { differences } = await reconcile();
  assert.deepEqual(
    differences.map(({ kind, charge: key }) => [kind, key]),
    [['books_only', charge.processor_key]],
  );
});

test('a processor that cannot be asked ends the comparison', async () => {
  nextDay();
  emulator.control.addFault({ name: '500_before', match: { path: '/v1/balance_transactions' } });
  await assert.rejects(reconcile(), { code: 'processor_unreachable' });
  emulator.control.clearFaults();
});
