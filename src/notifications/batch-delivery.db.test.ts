import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { findUserByUsername } from '#accounts';
import type { ProfileId, UserId } from '#platform/db/db-schema';
import { inTransaction } from '#platform/db/database';
import { emit } from '#platform/jobs/events';
import { findPersonalProfile } from '#profiles';
import { budgets } from '../../bench/budgets.ts';
import { countStatements } from '../../bench/statement-count.ts';
import { registerUser } from '../../test/support/client.ts';
import { startApp, type TestApp } from '../../test/support/start-app.ts';

const PEOPLE_COUNT = 7;

interface Someone {
  user_id: UserId;
  profile_id: ProfileId;
  address: string;
}

let app: TestApp;
let people: Someone[];
let broker_id: ProfileId;
before(async () => {
  app = await startApp({ config: { terms_required: false } });
  people = [];
  for (let index = 0; index < PEOPLE_COUNT; index += 1) {
    const username = `reader-${index}`;
    await registerUser(app, username);
    const user = await findUserByUsername(app.db, username);
    assert(user);
    const profile = await findPersonalProfile(app.db, user.id);
    assert(profile);
    people.push({ user_id: user.id, profile_id: profile.id, address: `${username}@example.com` });
  }
  // The others are unknown recipients: the gate counts their messages.
  const verified = people.filter((_, index) => index % 2 === 0).map(({ user_id }) => user_id);
  await app.db.updateTable('users').set({ email_verified_at: app.clock.now() }).where('id', 'in', verified).execute();
  ({ broker_id } = await app.tollgate.site.get());
});
beforeEach(async () => {
  await app.tollgate.worker.drain();
  app.tollgate.mailbox.clear();
});
after(() => app.close());

const key = 'a'.repeat(40);
const plan = { slug: 'basic', title: 'Basic' };

/** The events of one person: one of each kind that has a message. `other` causes some of them. */
function eventsOf({ user_id, profile_id, address }: Someone, other: Someone): { name: string; payload: object }[] {
  const role = { role_id: 1, profile_id, user_id: other.user_id, role_type: 'manager', message: 'Hello' };
  const subscription = { subscription_id: 1, profile_id, plan_id: 1, plan, provider_id: broker_id };
  const by = { originated_by: other.user_id };
  const lines = [{ description: 'Basic', amount: 2000, unit: 'usd', provider_id: broker_id }];
  const cardChange = { pre: '1', post: '2' };
  return [
    { name: 'user_registered', payload: { user_id } },
    { name: 'user_welcome', payload: { user_id } },
    { name: 'user_reset_password', payload: { user_id, how: 'changed' } },
    { name: 'user_credentials_changed', payload: { user_id, what: 'api_key_created' } },
    {
      name: 'user_email_changed',
      payload: { user_id, from: address, to: 'new@example.com', is_verified: true, stop_key: null },
    },
    {
      name: 'user_contact',
      payload: { user_id, email: address, full_name: 'A', message: 'Hi', provider_id: broker_id },
    },
    { name: 'profile_updated', payload: { profile_id, changes: {}, ...by } },
    { name: 'role_grant_created', payload: { ...role, grant_key: key, key: null, ...by } },
    { name: 'role_grant_accepted', payload: { ...role, ...by } },
    { name: 'role_request_created', payload: { ...role, request_key: key, ...by } },
    { name: 'order_executed', payload: { order_id: 1, profile_id, user_id, processor_key: 'ch_1', lines } },
    {
      name: 'charge_updated',
      payload: {
        charge_id: 1,
        processor_key: 'ch_1',
        profile_id,
        provider_id: broker_id,
        news: 'done',
        state: 'done',
        created_at: '2026-03-10T15:00:00.000Z',
        amount: 2000,
        unit: 'usd',
        description: '',
        last4: '4242',
        lines: [{ description: 'Basic', amount: 2000, refunded_amount: 0 }],
        originated_by: null,
      },
    },
    { name: 'card_updated', payload: { profile_id, changes: { last4: cardChange, exp_date: cardChange }, ...by } },
    { name: 'subscription_grant_created', payload: { ...subscription, grant_key: key, key: null, message: '', ...by } },
    { name: 'subscription_request_accepted', payload: { ...subscription, ...by } },
  ];
}

async function emitAll(events: readonly { name: string; payload: object }[]): Promise<void> {
  await inTransaction(app.db, async (tx) => {
    for (const event of events) await emit(tx, event, app.clock.now());
  });
}

const undelivered = () =>
  app.db
    .selectFrom('outbox_events')
    .select(['name', 'last_error', 'attempts_count'])
    .where('delivered_at', 'is', null)
    .where('schedule', 'is', null)
    .execute();

/** Counts the statements of a delivery. Outcomes are recorded every half second: a slow machine does so repeatedly. */
async function countDelivery(): Promise<string[]> {
  // The process is warm: the site was read less than a second ago.
  await app.tollgate.site.get();
  const { statements } = await countStatements(() => app.tollgate.worker.drain());
  const isRecord = (text: string) => text.includes('jsonb_to_recordset');
  return [...statements.filter((text) => !isRecord(text)), ...statements.filter(isRecord).slice(0, 1)];
}

test('a hundred events of all kinds and their messages need no more statements than their budget', async () => {
  const events = people.flatMap((someone, index) => {
    const other = people[(index + 1) % PEOPLE_COUNT];
    assert(other);
    return eventsOf(someone, other);
  });
  // The first batch reaches limits of unknown recipients, so that the gate releases counts in the second one.
  for (let batch = 1; batch <= 2; batch += 1) {
    await emitAll(events.slice(0, 100));
    const statements = await countDelivery();
    assert.deepEqual(await undelivered(), []);
    const mails_count = app.tollgate.mailbox.list().length;
    assert.ok(mails_count >= 50, `${mails_count} messages`);
    app.tollgate.mailbox.clear();
    assert.ok(
      statements.length <= budgets.deliver_100_events.statements_max,
      `${statements.length} statements:\n${statements.join('\n\n')}`,
    );
  }
});

test('the number of statements does not depend on the number of events', async () => {
  const [first, second] = people;
  assert(first && second);
  const countFor = async (someones: readonly Someone[]) => {
    await emitAll(someones.flatMap((someone) => eventsOf(someone, second).slice(0, 5)));
    return (await countDelivery()).length;
  };
  const of_one = await countFor([first]);
  assert.ok((await countFor(people.filter((_, index) => index % 2 === 0))) <= of_one);
});

test('an event with a payload that cannot be read fails alone, and its batch is mailed', async () => {
  const verified = people.filter((_, index) => index % 2 === 0);
  const welcome = verified.map(({ user_id }) => ({ name: 'user_welcome', payload: { user_id } }));
  await emitAll([...welcome.slice(0, 5), { name: 'user_welcome', payload: { user_id: 'x' } }, ...welcome.slice(5)]);
  await app.tollgate.worker.drain();
  const failed = await undelivered();
  assert.deepEqual(
    failed.map(({ name, attempts_count }) => [name, attempts_count]),
    [['user_welcome', 1]],
  );
  assert.match(failed[0]?.last_error ?? '', /payload of user_welcome does not fit its schema/);
  assert.equal(app.tollgate.mailbox.list().length, verified.length);
  await app.db.deleteFrom('outbox_events').where('delivered_at', 'is', null).execute();
});

test('the opt-out of the user who verified the address of an organization applies to its messages', async () => {
  const [reader] = people;
  assert(reader);
  const organization = await app.db
    .insertInto('profiles')
    .values({ slug: 'shared-mailbox', full_name: 'Shared', email: reader.address, created_at: app.clock.now() })
    .returning('id')
    .executeTakeFirstOrThrow();
  const updated = {
    name: 'profile_updated',
    payload: { profile_id: organization.id, changes: {}, originated_by: null },
  };
  const mailsOf = async () => {
    app.tollgate.mailbox.clear();
    await emitAll([updated]);
    await app.tollgate.worker.drain();
    return app.tollgate.mailbox.list(reader.address).length;
  };
  assert.equal(await mailsOf(), 1);
  const optout = { user_id: reader.user_id, event: 'profile_updated', created_at: app.clock.now() };
  await app.db.insertInto('notification_optouts').values(optout).execute();
  assert.equal(await mailsOf(), 0);
});
