import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { checkRules } from '../../simulate/check-rules.ts';
import { type Call, type ChangeSite, expectStatus, startChanges } from '../../../test/support/changes.ts';

let site: ChangeSite;
before(async () => {
  site = await startChanges();
  await site.plan('basic', { pause_days_max: 60 });
});
after(() => site.close());

const urlOf = (name: string) => `/api/profile/${name}/subscriptions/basic`;

const dayOf = (at: Date) => at.toISOString().slice(5, 10);

const pausedOf = (name: string) =>
  site.app.db
    .selectFrom('subscriptions')
    .innerJoin('profiles', 'profiles.id', 'subscriptions.profile_id')
    .innerJoin('pauses', 'pauses.subscription_id', 'subscriptions.id')
    .select(['subscriptions.id', 'subscriptions.paused_at', 'subscriptions.ends_at', 'pauses.state'])
    .where('profiles.slug', '=', name)
    .executeTakeFirstOrThrow();

/** Reads the state of the pause, and the days of each coverage with an amount. */
async function readTime(name: string) {
  const { id, paused_at, ends_at, state } = await pausedOf(name);
  const coverages = await site.app.db
    .selectFrom('coverages')
    .select(['starts_at', 'ends_at'])
    .where('subscription_id', '=', id)
    .where('amount', '>', 0)
    .orderBy('starts_at')
    .execute();
  const days = coverages.map((each) => `${dayOf(each.starts_at)} ${dayOf(each.ends_at)}`);
  return { state, paused_at, ends_at: dayOf(ends_at), coverages: days };
}

const setEnd = (name: string, ends_at: string) =>
  expectStatus(site.broker('PUT', urlOf(name), { ends_at: `2026-${ends_at}T10:00:00Z` }), 200);

test('an end that a provider sets for a paused subscription is kept, and every subscription resumes or has ended', async () => {
  const calls = new Map<string, Call>();
  for (const name of ['cut', 'ended', 'again', 'bought', 'shown']) calls.set(name, await site.register(name));
  for (const [name, call] of calls) await site.buy(call, name, 'basic');
  site.moveTo('2026-01-20T10:00:00Z');
  for (const [name, call] of calls)
    await expectStatus(call('POST', `${urlOf(name)}/pause`, { resumes_at: '2026-02-20T10:00:00Z' }), 200);
  const callOf = (name: string) => calls.get(name) ?? assert.fail(name);
  await setEnd('cut', '02-25');
  await setEnd('shown', '02-25');
  for (const name of ['ended', 'again', 'bought']) await setEnd(name, '02-01');
  // The end that was set is before the resumption; the period that is bought reaches beyond it.
  await site.buy(callOf('bought'), 'bought', 'basic');
  const moved = await expectStatus(
    callOf('shown')('PUT', `${urlOf('shown')}/pause`, { resumes_at: '2026-02-21T10:00:00Z' }),
    200,
  );
  assert.equal(moved.json()['ends_at'], '2026-02-25T10:00:00.000Z');
  site.moveTo('2026-02-05T10:00:00Z');
  await site.buy(callOf('again'), 'again', 'basic');

  await site.runAt('2026-02-21T12:00:00Z', 'run_pauses', 'recognise_income');
  const earned = '01-10 01-20';
  for (const [name, ends_at, ...coverages] of [
    ['cut', '02-25', '02-20 03-13'],
    ['shown', '02-25', '02-21 03-14'],
    // Ended while it was paused: its time is earned as if it ran on.
    ['ended', '02-01', '02-01 02-22'],
    ['again', '02-01', '02-01 02-22'],
    // What was bought follows the rest.
    ['bought', '04-10', '02-20 03-13', '03-13 04-10'],
  ] as const)
    assert.deepEqual(
      await readTime(name),
      { state: 'ended', paused_at: null, ends_at, coverages: [earned, ...coverages] },
      name,
    );
  const refused = await callOf('ended')('DELETE', `${urlOf('ended')}/pause`);
  assert.deepEqual([refused.status, refused.json()['code']], [404, 'subscription_unknown']);
  const resumed = await site.app.db
    .selectFrom('outbox_events')
    .select('id')
    .where('name', '=', 'subscription_resumed')
    .execute();
  assert.equal(resumed.length, 3);
  assert.deepEqual(await checkRules(site.app.db, { is_final: false }), []);
});
