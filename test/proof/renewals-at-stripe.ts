import assert from 'node:assert/strict';
import { verifyLedger } from '#ledger';
import type { RunningEmulator } from '#stripe-emulator';
import { type Call, type ChangeSite, dueOf, expectStatus } from '../support/changes.ts';
import { interruptAt } from '../support/interrupt.ts';
import { runJob } from '../support/run-job.ts';
import { startStripeChanges } from '../support/stripe-changes.ts';
import { installKillPoints, newLife, runUntilKilled } from './kill-points.ts';

const CHARGES = { method: 'POST', path: '/v1/payment_intents' };
const YEARS_S = 10 * 366 * 86_400;
const RENEW = 'renew_subscriptions';

/** A site with one subscriber, whose renewals are made in one month after the other. */
export interface RenewalScene {
  site: ChangeSite;
  emulator: RunningEmulator;
  xia: Call;
  /** Month of the renewal, counted from February 2026. */
  month: number;
  close(): Promise<void>;
}

/** Work that charges a renewal, or ends a payment of it, once. */
export interface RenewalWork {
  name: string;
  /** Makes the work of this month; the clock stands at its instant. */
  prepare(scene: RenewalScene): Promise<void>;
  act(scene: RenewalScene): Promise<unknown>;
  /** What another node or the payer does at the same time. */
  others: readonly { name: string; act(scene: RenewalScene): Promise<unknown> }[];
}

export async function startScene(): Promise<RenewalScene> {
  const { site, emulator, close } = await startStripeChanges({
    token_lifetime_s: YEARS_S,
    refresh_lifetime_s: YEARS_S,
  });
  await site.plan('basic');
  await site.buy(site.xia, 'xia', 'basic', { token: 'pm_card_visa' });
  installKillPoints();
  return { site, emulator, xia: site.xia, month: 0, close };
}

const at = ({ month }: RenewalScene, ms: number) => new Date(Date.UTC(2026, 1 + month, 9, 10) + ms).toISOString();
const MINUTE_MS = 60_000;

/** Moves the clock to a time after the renewal of the month. */
export const moveTo = (scene: RenewalScene, ms: number) => scene.site.moveTo(at(scene, ms));
const forward = ({ site }: RenewalScene, ms: number) =>
  site.moveTo(new Date(site.app.clock.now().getTime() + ms).toISOString());
export const run = ({ site }: RenewalScene, ...jobs: string[]) =>
  jobs.reduce<Promise<void>>((before, job) => before.then(() => runJob(site.app.tollgate, job)), Promise.resolve());

/** Runs a job without the limit of its time, whose timer would outlast the killed process. */
async function runUnlimited({ site }: RenewalScene, name: string): Promise<void> {
  const job = site.app.tollgate.worker.jobs.find((each) => each.name === name) ?? assert.fail(name);
  const ctx = await site.app.tollgate.makeContext(name);
  await job.run(ctx, {} as never, ctx.clock.now()); // the job has no payload
}

/** Jobs that finish what is open, within two hours. */
async function recover(scene: RenewalScene): Promise<void> {
  const { emulator, site } = scene;
  emulator.control.clearFaults();
  for (const minutes of [2, 2, 15]) {
    forward(scene, minutes * MINUTE_MS);
    await run(scene, 'charge_again', 'finish_orders', 'refund_orphans');
  }
  await site.app.tollgate.worker.drain();
  forward(scene, 60 * MINUTE_MS);
  await run(scene, RENEW);
  await site.app.tollgate.worker.drain();
  forward(scene, 5 * MINUTE_MS);
  await run(scene, 'finish_orders', 'sweep_processor_events', 'handle_processor_events');
}

/** Requires one payment of each month, at the site and at Stripe, and that nothing is due. */
async function check(scene: RenewalScene, where: string): Promise<void> {
  const { site, emulator, month, xia } = scene;
  const succeeded = emulator.control
    .objects('charge')
    .filter(({ status, refunded }) => status === 'succeeded' && !refunded);
  const charges = await site.app.db.selectFrom('charges').select('id').where('state', '=', 'done').execute();
  const open = await site.app.db
    .selectFrom('charge_attempts')
    .select('id')
    .where('state', 'in', ['reserved', 'awaiting_action'])
    .execute();
  const orphans = await site.app.db.selectFrom('orphan_payments').select('id').execute();
  const found = { at_stripe: succeeded.length, charges: charges.length, open: open.length, orphans: orphans.length };
  assert.deepEqual(found, { at_stripe: month + 2, charges: month + 2, open: 0, orphans: 0 }, where);
  assert.equal(await dueOf(xia, 'xia'), 0, where);
  const cases = await site.app.db.selectFrom('dunning_cases').select('id').where('closed_at', 'is', null).execute();
  assert.deepEqual(cases, [], where);
  assert.deepEqual((await verifyLedger(site.app.db)).violations, [], where);
  assert.deepEqual(emulator.control.invariants(), [], where);
}

/** Kills the work at each point of it, each month at a later one; returns the number of points. */
export async function killAtPoints(
  scene: RenewalScene,
  work: RenewalWork,
  { step = 1, first = 0 } = {},
): Promise<number> {
  for (let point = first; ; point += step, scene.month += 1) {
    await work.prepare(scene);
    const life = newLife(point);
    await runUntilKilled(life, () => work.act(scene));
    await recover(scene);
    await check(scene, `${work.name} killed at ${point}, after ${life.points.at(-1) ?? 'nothing'}`);
    if (!life.is_killed) return point;
  }
}

/** Lets other work overtake the work at each point of it, each month at a later one; returns the number of points. */
export async function overtakeAtPoints(
  scene: RenewalScene,
  work: RenewalWork,
  other: RenewalWork['others'][number],
  { step = 1, first = 0 } = {},
): Promise<number> {
  for (let point = first; ; point += step, scene.month += 1) {
    await work.prepare(scene);
    const is_overtaken = await interruptAt(
      point,
      () => work.act(scene),
      () => other.act(scene),
    );
    await recover(scene);
    await check(scene, `${work.name} overtaken at ${point} by ${other.name}`);
    if (!is_overtaken) return point;
  }
}

async function payBalance({ xia }: RenewalScene): Promise<void> {
  await xia('GET', '/api/billing/xia/checkout');
  // Refused while the renewal is being paid.
  await xia('POST', '/api/billing/xia/balance', { processor_token: 'pm_card_visa' });
}

const later = (ms: number, ...jobs: string[]) => ({
  name: `${jobs.join(', ')} ${ms / 1000} s later`,
  async act(scene: RenewalScene) {
    forward(scene, ms);
    await run(scene, ...jobs);
  },
});

const payer = { name: 'the payer', act: payBalance };
const cards = ['pm_card_mastercard', 'pm_card_visa'] as const;
const card = {
  name: 'a new card',
  async act(scene: RenewalScene) {
    forward(scene, 1000);
    await expectStatus(scene.xia('PUT', '/api/billing/xia/card', { token: cards[scene.month % 2] }), 200);
    await scene.site.app.tollgate.worker.drain();
  },
};
/** Work on renewals that Stripe charges. */
export const renewalWork: readonly RenewalWork[] = [
  {
    name: 'charge_again',
    async prepare(scene) {
      moveTo(scene, 0);
      scene.emulator.control.addFault({ name: '429', times: 1, match: CHARGES });
      await run(scene, RENEW);
      scene.emulator.control.clearFaults();
      moveTo(scene, 31_000);
    },
    act: (scene) => runUnlimited(scene, 'charge_again'),
    others: [
      later(61_000, 'charge_again'),
      later(11 * MINUTE_MS, 'finish_orders'),
      later(61_000, 'charge_again', 'finish_orders', RENEW),
      payer,
      card,
    ],
  },
  {
    name: 'renew_subscriptions',
    async prepare(scene) {
      moveTo(scene, 0);
    },
    act: (scene) => runUnlimited(scene, RENEW),
    others: [later(0, RENEW), later(3 * MINUTE_MS, 'finish_orders'), payer, card],
  },
];
