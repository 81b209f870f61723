import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { dueOf, type ChangeSite } from '../../../test/support/changes.ts';
import { attemptsOf, casesOf, RENEW, token_lifetime_s } from '../../../test/support/dunning.ts';
import { makeCardDecline } from '../../../test/support/decline-card.ts';
import { runJob } from '../../../test/support/run-job.ts';
import { type StripeChanges, startStripeChanges } from '../../../test/support/stripe-changes.ts';

const CHARGES = { method: 'POST', path: '/v1/payment_intents' };
/** The instant of the hour that a run makes up for. */
const MISSED = new Date('2026-02-09T10:00:00Z');

let stripe: StripeChanges;
let site: ChangeSite;
let emulator: StripeChanges['emulator'];
beforeEach(async () => {
  stripe = await startStripeChanges({ token_lifetime_s });
  ({ site, emulator } = stripe);
  await site.plan('basic');
  await site.buy(site.xia, 'xia', 'basic', { token: 'pm_card_visa' });
});
afterEach(() => stripe.close());

/** Runs the job of renewals for a missed hour, at the instant of the clock. */
const runMissed = (at: Date) => runJob(site.app.tollgate, RENEW, at);
/** Number of keys under which Stripe made payments of jobs and checkouts. */
const keysCount = () =>
  new Set(
    emulator.control
      .requests()
      .filter(({ method, path, status }) => method === 'POST' && path === CHARGES.path && status === 200)
      .flatMap(({ idempotency_key }) => (/^[0-9a-f]{40}$/.test(idempotency_key ?? '') ? [idempotency_key] : [])),
  ).size;
const chargesCount = async () => (await site.app.db.selectFrom('charges').select('id').execute()).length;

test('a renewal of a missed day whose response was lost is found at Stripe, and not charged again', async () => {
  site.moveTo('2026-02-11T12:00:00Z');
  emulator.control.addFault({ name: 'cut_after', times: 5, match: CHARGES });
  await runMissed(MISSED);
  emulator.control.clearFaults();
  await site.runAt('2026-02-11T12:03:00Z', 'finish_orders');
  assert.equal(await dueOf(site.xia, 'xia'), 0);
  await runMissed(new Date('2026-02-09T11:00:00Z'));
  await runMissed(new Date('2026-02-09T12:00:00Z'));
  assert.deepEqual([await chargesCount(), keysCount()], [2, 2]);
});

test('the job that finishes orders leaves a renewal of a missed hour alone while its call is under way', async () => {
  site.moveTo('2026-02-09T15:00:00Z');
  const { method_key } = await site.app.db.selectFrom('payment_methods').selectAll().executeTakeFirstOrThrow();
  await makeCardDecline(emulator, method_key, 'insufficient_funds');
  emulator.control.addFault({ name: 'slow', match: CHARGES, values: { ms: '1500' } });
  const run = runMissed(MISSED);
  const reserved = async () =>
    (await site.app.db.selectFrom('orders').select('id').where('state', '=', 'reserved').execute()).length;
  while ((await reserved()) === 0) await new Promise(setImmediate);
  await runJob(site.app.tollgate, 'finish_orders');
  await run;
  assert.deepEqual(await attemptsOf(site), ['renewal soft 02-09T10:00']);
  assert.equal((await casesOf(site)).length, 1);
});

test('a postponed charge whose first response was lost is not made again after Stripe has forgotten its key', async () => {
  site.moveTo(MISSED.toISOString());
  // The first call arrives, and its repetition by the package is refused.
  emulator.control.addFault({ name: 'cut_after', times: 1, match: CHARGES });
  emulator.control.addFault({ name: '429', times: 1, after: 1, match: CHARGES });
  await runMissed(MISSED);
  const [postponed] = await site.app.db
    .selectFrom('charge_attempts')
    .select('again_at')
    .where('state', '=', 'reserved')
    .execute();
  assert(postponed?.again_at);
  emulator.control.clearFaults();
  site.moveTo('2026-02-11T12:00:00Z');
  await runJob(site.app.tollgate, 'charge_again');
  await runJob(site.app.tollgate, 'finish_orders');
  assert.equal(await dueOf(site.xia, 'xia'), 0);
  assert.deepEqual([await chargesCount(), keysCount()], [2, 2]);
  const taken = emulator.control.objects('payment_intent').filter(({ status }) => status === 'succeeded');
  assert.equal(taken.length, 2);
});
