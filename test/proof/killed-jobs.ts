import { sql } from 'kysely';
import { expectStatus } from '../support/changes.ts';
import type { JobScene, JobWork } from './killed-job.ts';
import { invitationWork } from './killed-invitation-jobs.ts';
import { paymentWork } from './killed-payment-jobs.ts';
import {
  DAY_MS,
  expectCounts,
  expectEvents,
  expectPaid,
  HOUR_MS,
  previewAndPost,
  profileId,
  run,
  sell,
  setOutcome,
  subscriptionOf,
  wait,
  waitForEnd,
} from './killed-job-scene.ts';
import { upkeepWork } from './killed-upkeep-jobs.ts';

const RENEW = 'renew_subscriptions';
const none = () => Promise.resolve(undefined);
const subscriptionUrl = ({ name }: JobScene, rest = '') => `/api/profile/${name}/subscriptions/${name}${rest}`;

/** Income of the subscriber, by the lines of its orders. */
async function expectIncome(scene: JobScene, amount: number): Promise<void> {
  const { id } = await subscriptionOf(scene);
  const { rows } = await sql<{ income: number; recognised: number }>`select
    (select coalesce(sum(dest_amount), 0)::int from ledger_entries
      where orig_account = 'Income' and subject_kind = 'sub' and subject_id = ${String(id)}) as income,
    (select sum(recognised)::int from coverages where subscription_id = ${id}) as recognised`.execute(
    scene.site.app.db,
  );
  const found = rows[0];
  if (found?.income !== amount || found.recognised !== amount)
    throw new Error(`expected an income of ${amount}, got ${JSON.stringify(found)}`);
}

const renewals = (me: number) => sql`order_lines where renews_from is not null and beneficiary_id = ${me}`;
const invoices = (me: number) => sql`documents where series = 'invoice' and profile_id = ${me}`;
const endings = (me: number) =>
  sql`subscription_endings where subscription_id in (select id from subscriptions where profile_id = ${me})`;

const renewalWork: readonly JobWork[] = [
  {
    job: RENEW,
    title: 'renews and charges',
    recover: ['finish_orders', RENEW],
    async prepare(scene) {
      await sell(scene);
      await waitForEnd(scene, 20 * HOUR_MS);
      return none();
    },
    async check(scene) {
      await expectPaid(scene, 2);
      await expectCounts(scene, { renewals: 1, invoices: 2 }, (me) => ({
        renewals: renewals(me),
        invoices: invoices(me),
      }));
    },
  },
  {
    job: RENEW,
    title: 'retries a declined charge',
    recover: ['finish_orders', RENEW],
    async prepare(scene) {
      await sell(scene);
      await setOutcome(scene, 'insufficient_funds');
      await waitForEnd(scene, 20 * HOUR_MS);
      await run(scene, RENEW);
      await setOutcome(scene, 'accepted');
      wait(scene, DAY_MS);
      return none();
    },
    async check(scene) {
      await expectPaid(scene, 2);
      await expectCounts(scene, { attempts: 2, recovered: 1 }, (me) => ({
        attempts: sql`dunning_attempts where dunning_case_id in (select id from dunning_cases where profile_id = ${me})`,
        recovered: sql`dunning_cases where state = 'recovered' and profile_id = ${me}`,
      }));
      await expectEvents(scene, 'renewal_charge_failed');
    },
  },
  {
    job: RENEW,
    title: 'ends an unpaid subscription',
    async prepare(scene) {
      await sell(scene);
      await setOutcome(scene, 'lost_card');
      await waitForEnd(scene, 20 * HOUR_MS);
      await run(scene, RENEW);
      wait(scene, 7 * DAY_MS);
      return none();
    },
    async check(scene) {
      await expectCounts(scene, { endings: 1, notes: 1, ended: 1, renewals: 1 }, (me) => ({
        endings: endings(me),
        notes: sql`documents where series = 'credit_note' and profile_id = ${me}`,
        ended: sql`dunning_cases where state = 'ended' and profile_id = ${me}`,
        renewals: renewals(me),
      }));
    },
  },
  {
    job: 'charge_new_card',
    title: 'charges what is due to a new card',
    recover: ['finish_orders', RENEW],
    async prepare(scene) {
      const call = await sell(scene);
      await setOutcome(scene, 'lost_card');
      await waitForEnd(scene, 20 * HOUR_MS);
      await run(scene, RENEW);
      wait(scene, 60_000);
      await expectStatus(call('PUT', `/api/billing/${scene.name}/card`, { token: 'tok_visa' }), 200);
      wait(scene, 1000);
      return { profile_id: await profileId(scene) };
    },
    check: (scene) => expectPaid(scene, 2),
  },
  {
    job: 'charge_again',
    title: 'charges a renewal for which the processor took no more calls',
    recover: ['finish_orders', RENEW],
    async prepare(scene) {
      await sell(scene);
      await setOutcome(scene, 'unreachable');
      await waitForEnd(scene, 20 * HOUR_MS);
      await run(scene, RENEW);
      const again_at = scene.site.app.clock.now();
      await sql`update charge_attempts set again_at = ${again_at}
        where state = 'reserved' and profile_id = ${await profileId(scene)}`.execute(scene.site.app.db);
      await setOutcome(scene, 'accepted');
      wait(scene, 30_000);
      return none();
    },
    check: (scene) => expectPaid(scene, 2),
  },
];

const timeWork: readonly JobWork[] = [
  {
    job: 'recognise_income',
    title: 'recognises each window once',
    async prepare(scene) {
      await sell(scene, { renewal_type: 'one-time', period_length: 3 });
      await waitForEnd(scene, -HOUR_MS);
      return none();
    },
    check: (scene) => expectIncome(scene, 9000),
  },
  {
    job: 'continue_recognition',
    title: 'continues a run that ended early',
    async prepare(scene) {
      await sell(scene, { renewal_type: 'one-time', period_length: 3 });
      await waitForEnd(scene, -HOUR_MS);
      return { until: scene.site.app.clock.now().toISOString() };
    },
    check: (scene) => expectIncome(scene, 9000),
  },
  {
    job: 'run_pauses',
    title: 'resumes a paused subscription',
    async prepare(scene) {
      const call = await sell(scene, { pause_days_max: 30 });
      wait(scene, 2 * DAY_MS);
      const resumes_at = new Date(scene.site.app.clock.now().getTime() + 10 * DAY_MS).toISOString();
      await expectStatus(call('POST', subscriptionUrl(scene, '/pause'), { resumes_at }), 200);
      wait(scene, 10 * DAY_MS);
      return none();
    },
    async check(scene) {
      await expectEvents(scene, 'subscription_resumed');
      const open = { running: 0, spans: 1 };
      await expectCounts(scene, open, (me) => ({
        running: sql`pauses where state = 'running' and subscription_id in (select id from subscriptions where profile_id = ${me})`,
        spans: sql`coverages where ends_at > ${scene.site.app.clock.now()}
          and subscription_id in (select id from subscriptions where profile_id = ${me})`,
      }));
    },
  },
  {
    job: 'run_pauses',
    title: 'announces that a subscription resumes',
    async prepare(scene) {
      const call = await sell(scene, { pause_days_max: 30 });
      wait(scene, 2 * DAY_MS);
      const resumes_at = new Date(scene.site.app.clock.now().getTime() + 10 * DAY_MS).toISOString();
      await expectStatus(call('POST', subscriptionUrl(scene, '/pause'), { resumes_at }), 200);
      wait(scene, 8 * DAY_MS);
      return none();
    },
    check: (scene) => expectEvents(scene, 'subscription_resumes_soon'),
  },
  {
    job: 'run_pauses',
    title: 'begins a planned pause',
    async prepare(scene) {
      const call = await sell(scene, { pause_days_max: 60 });
      wait(scene, 2 * DAY_MS);
      await expectStatus(call('POST', subscriptionUrl(scene, '/pause'), { at: 'period_end' }), 200);
      await waitForEnd(scene, 0);
      return none();
    },
    check: (scene) => expectEvents(scene, 'subscription_paused'),
  },
  {
    job: 'convert_trials',
    title: 'converts and charges a trial',
    recover: ['finish_orders', RENEW],
    async prepare(scene) {
      await sell(scene, { trial_days: 14 });
      wait(scene, 14 * DAY_MS + 60_000);
      return none();
    },
    async check(scene) {
      await expectPaid(scene, 1);
      await expectCounts(scene, { renewals: 1, invoices: 1 }, (me) => ({
        renewals: renewals(me),
        invoices: invoices(me),
      }));
    },
  },
  {
    job: 'convert_trials',
    title: 'announces the end of a trial',
    async prepare(scene) {
      await sell(scene, { trial_days: 14 });
      wait(scene, 8 * DAY_MS);
      return none();
    },
    check: (scene) => expectEvents(scene, 'trial_ends_soon'),
  },
  {
    job: 'convert_trials',
    title: 'ends a trial without a card',
    async prepare(scene) {
      await sell(scene, { trial_days: 14, trial_requires_card: false }, null);
      wait(scene, 14 * DAY_MS + 60_000);
      return none();
    },
    async check(scene) {
      await expectEvents(scene, 'trial_ended');
      await expectCounts(scene, { endings: 1 }, (me) => ({ endings: endings(me) }));
    },
  },
  {
    job: 'complete_changes',
    title: 'orders a planned change and begins it',
    async prepare(scene) {
      await planChange(scene);
      await waitForEnd(scene, 20 * HOUR_MS);
      return none();
    },
    async check(scene) {
      await expectCounts(scene, { rows: 2, lines: 1 }, (me) => ({
        rows: sql`subscriptions where profile_id = ${me}`,
        lines: sql`order_lines join plans on plans.id = plan_id where beneficiary_id = ${me} and kind = 'period' and slug like '%-less'`,
      }));
    },
  },
  {
    job: 'complete_changes',
    title: 'announces a planned change',
    async prepare(scene) {
      await planChange(scene);
      await waitForEnd(scene, 6 * DAY_MS);
      return none();
    },
    check: (scene) => expectEvents(scene, 'change_approaching'),
  },
];

/** Plans a change to a cheaper plan at the end of the period. */
async function planChange(scene: JobScene): Promise<void> {
  const { site, name } = scene;
  const call = await sell(scene);
  await site.plan(`${name}-less`, { period_amount: 2000 });
  await previewAndPost(call, subscriptionUrl(scene, '/change'), { to: `${name}-less` });
}

/** Work of every job. A job without work fails the test. */
export const jobWork: readonly JobWork[] = [
  ...renewalWork,
  ...timeWork,
  ...invitationWork,
  ...paymentWork,
  ...upkeepWork,
];
