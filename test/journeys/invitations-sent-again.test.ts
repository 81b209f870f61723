import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { type ChangeSite, expectStatus, startChanges } from '../support/changes.ts';
import { runJob } from '../support/run-job.ts';

// Roles, subscriptions and seats that wait are sent again once, by the jobs of three rooms.

let site: ChangeSite;
const start = async (config: NonNullable<Parameters<typeof startChanges>[0]>['config'] = {}) => {
  site = await startChanges({ config });
};
beforeEach(() => start());
afterEach(() => site.close());

const JOBS = ['remind_of_roles', 'remind_of_subscriptions', 'remind_of_seats'];
const DUE = '2026-01-17T11:00:00Z';
const invitations = [
  'role_grant_created',
  'role_request_created',
  'subscription_grant_created',
  'subscription_request_created',
  'claim_code_generated',
];

/** Returns the mails since the last call, as `event address`. */
async function mails(): Promise<string[]> {
  await site.app.tollgate.worker.drain();
  const sent = site.app.tollgate.mailbox.list().filter(({ event }) => invitations.includes(event ?? ''));
  site.app.tollgate.mailbox.clear();
  return sent.map(({ event, to, bcc }) => `${event} ${[...to, ...bcc].join(' ')}`).toSorted();
}

/** A subscriber receives a copy of a request that no person sends. */
const withCopy = (mails_of: readonly string[]) => [...mails_of, 'subscription_request_created xia@example.com'];

/** Makes one invitation and one request of each kind, which all wait. */
async function invite(): Promise<void> {
  await site.plan('basic');
  await site.plan('asked', { optin_on_request: true });
  await expectStatus(
    site.broker('POST', '/api/profile/cowork/roles/manager?force=1', { email: 'new@x.example', full_name: 'New' }),
    201,
  );
  await expectStatus(site.xia('POST', '/api/users/xia/accessibles/manager', { slug: 'cowork' }), 201);
  const profile = { email: 'sub@x.example', full_name: 'Sub', type: 'personal' };
  await expectStatus(site.broker('POST', '/api/profile/cowork/plans/basic/subscriptions?force=1', { profile }), 201);
  await site.buy(site.xia, 'xia', 'asked');
  await expectStatus(
    site.xia('POST', '/api/cart', { plan: 'basic', sync_on: 'seat@x.example', full_name: 'Seat' }),
    201,
  );
  await expectStatus(site.xia('POST', '/api/billing/xia/checkout', { processor_token: 'tok_visa' }), 201);
}

async function remind(at: string): Promise<string[]> {
  await site.runAt(at, ...JOBS);
  return mails();
}

test('invitations and requests that wait are sent again once, also by two runs at the same time', async () => {
  await invite();
  const first = await mails();
  assert.equal(first.length, 5, first.join('\n'));
  assert.deepEqual(await remind('2026-01-17T09:00:00Z'), [], 'not before a week');
  site.moveTo(DUE);
  await Promise.all([...JOBS, ...JOBS].map((job) => runJob(site.app.tollgate, job)));
  assert.deepEqual(await mails(), withCopy(first));
  assert.deepEqual(await remind('2026-01-18T11:00:00Z'), []);
});

test('what was accepted, revoked or has lapsed is not sent again', async () => {
  await invite();
  await mails();
  await site.app.db
    .updateTable('roles')
    .set({ key_expires_at: new Date(DUE) })
    .where('grant_key', 'is not', null)
    .execute();
  await site.app.db
    .updateTable('subscriptions')
    .set({ ends_at: new Date(DUE) })
    .execute();
  await site.app.db
    .updateTable('claims')
    .set({ expires_at: new Date(DUE) })
    .execute();
  const request = await site.app.db.selectFrom('roles').selectAll().where('request_key', 'is not', null).execute();
  assert.equal(request.length, 1);
  await expectStatus(site.broker('POST', '/api/profile/cowork/roles/manager', { slug: 'xia' }), 200, 201);
  await mails();
  assert.deepEqual(await remind(DUE), []);
});

test('a schedule of several days sends again on each of them; days that were missed are sent as one', async () => {
  await site.close();
  await start({ invitation_reminder_days: [2, 4, 6] });
  await invite();
  const first = await mails();
  assert.deepEqual(await remind('2026-01-12T11:00:00Z'), withCopy(first));
  assert.deepEqual(await remind('2026-01-16T11:00:00Z'), withCopy(first));
  assert.deepEqual(await remind('2026-01-16T12:00:00Z'), []);
});

test('without days none is sent again', async () => {
  await site.close();
  await start({ invitation_reminder_days: [] });
  await invite();
  await mails();
  assert.deepEqual(await remind(DUE), []);
});

test('a person who switched the mail off does not receive it again', async () => {
  const yan = await site.register('yan');
  await expectStatus(site.broker('POST', '/api/profile/cowork/roles/manager', { slug: 'yan' }), 201);
  assert.deepEqual(await mails(), ['role_grant_created yan@example.com']);
  await expectStatus(yan('PUT', '/api/users/yan/notifications', { notifications: [] }), 200);
  assert.deepEqual(await remind(DUE), []);
  const { reminders_count } = await site.app.db
    .selectFrom('roles')
    .select('reminders_count')
    .where('grant_key', 'is not', null)
    .executeTakeFirstOrThrow();
  assert.equal(reminders_count, 1);
});
