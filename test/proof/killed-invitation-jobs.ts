import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { expectStatus } from '../support/changes.ts';
import type { JobScene, JobWork } from './killed-job.ts';
import { callOf, DAY_MS, expectCounts, expectEvents, HOUR_MS, sell, wait, waitForEnd } from './killed-job-scene.ts';

const none = () => Promise.resolve(undefined);

async function countEvents({ site }: JobScene, event: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*)::int as count from outbox_events
    where name = ${event}`.execute(site.app.db);
  return rows[0]?.count ?? 0;
}

/** Work of a job that sends an invitation again. The first message was sent when the invitation was made. */
const reminder = (job: string, event: string, invite: (scene: JobScene) => Promise<unknown>): JobWork => ({
  job,
  title: 'sends an invitation again',
  async prepare(scene) {
    await invite(scene);
    scene.notes.set('sent', String(await countEvents(scene, event)));
    wait(scene, 7 * DAY_MS + HOUR_MS);
    return none();
  },
  async check(scene) {
    assert.equal(await countEvents(scene, event), Number(scene.notes.get('sent')) + 1);
  },
});

/** Notices before an end. */
const noticeWork: readonly JobWork[] = [
  {
    job: 'send_end_notices',
    title: 'announces the end of a subscription',
    async prepare(scene) {
      await sell(scene, { renewal_type: 'repeat' });
      await waitForEnd(scene, 15 * DAY_MS);
      return none();
    },
    check: (scene) => expectEvents(scene, 'expires_soon'),
  },
  {
    job: 'send_end_notices',
    title: 'asks for a card that is absent',
    async prepare(scene) {
      const call = await sell(scene);
      await expectStatus(call('DELETE', `/api/billing/${scene.name}/card`), 204);
      await waitForEnd(scene, 15 * DAY_MS);
      return none();
    },
    check: (scene) => expectEvents(scene, 'payment_method_absent'),
  },
  {
    job: 'send_end_notices',
    title: 'offers to extend a subscription of one time',
    async prepare(scene) {
      await sell(scene, { renewal_type: 'one-time' });
      await waitForEnd(scene, 15 * DAY_MS);
      return none();
    },
    check: (scene) => expectEvents(scene, 'subscription_upgrade'),
  },
];

/** Work of the jobs of notices, invitations and requests. */
export const invitationWork: readonly JobWork[] = [
  ...noticeWork,
  reminder('remind_of_subscriptions', 'subscription_grant_created', async (scene) => {
    const { site, name } = scene;
    await callOf(scene);
    await site.plan(name, { period_amount: 9000 });
    const grant = { profile: { slug: name, full_name: name } };
    await expectStatus(site.broker('POST', `/api/profile/cowork/plans/${name}/subscriptions`, grant), 200, 201);
  }),
  reminder('remind_of_roles', 'role_grant_created', async (scene) => {
    await callOf(scene);
    await expectStatus(
      scene.site.broker('POST', '/api/profile/cowork/roles/contributor', { slug: scene.name }),
      200,
      201,
    );
  }),
  reminder('remind_of_seats', 'claim_code_generated', async (scene) => {
    const { site, name } = scene;
    const call = await callOf(scene);
    await site.plan(name, { period_amount: 9000 });
    const seat = { plan: name, sync_on: `${name}@seats.example`, full_name: name };
    await expectStatus(call('POST', '/api/cart', seat), 201);
    await expectStatus(call('GET', `/api/billing/${name}/checkout`), 200);
    await expectStatus(call('POST', `/api/billing/${name}/checkout`, { processor_token: 'tok_visa' }), 201);
  }),
  {
    job: 'remind_of_links',
    title: 'reminds of an order that is left due',
    async prepare(scene) {
      const { site, name } = scene;
      await callOf(scene);
      await site.plan(name, { period_amount: 9000 });
      await expectStatus(site.broker('DELETE', '/api/cart'), 200, 204);
      await expectStatus(site.broker('POST', '/api/cart', { plan: name }), 201);
      await expectStatus(site.broker('POST', `/api/billing/${name}/checkout/paylater`, {}), 201);
      // The provider mails the link: a page does it, and no operation of the API.
      await sql`update payment_links set sent_at = ${site.app.clock.now()}`.execute(site.app.db);
      wait(scene, 7 * DAY_MS + HOUR_MS);
      return none();
    },
    check: (scene) => expectEvents(scene, 'payment_link_unpaid'),
  },
  {
    job: 'return_requests',
    title: 'gives the money of a request without a decision back',
    recover: ['finish_pending_refunds'],
    async prepare(scene) {
      await sell(scene, { optin_on_request: true });
      await waitForEnd(scene, -HOUR_MS);
      return none();
    },
    async check(scene) {
      await expectCounts(scene, { refunds: 1, at_processor: 1 }, (me) => ({
        refunds: sql`refunds where state = 'settled'
          and charge_id in (select id from charges where profile_id = ${me})`,
        at_processor: sql`test_processor_refunds
          where charge_key in (select processor_key from charges where profile_id = ${me})`,
      }));
    },
  },
];
