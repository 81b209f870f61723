import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { checkRules } from '../../simulate/check-rules.ts';
import { type ChangeSite, expectStatus, startChanges } from '../../../test/support/changes.ts';

let site: ChangeSite;
before(async () => {
  site = await startChanges();
  await site.plan('basic', { pause_days_max: 60 });
});
after(() => site.close());

const urlOf = (name: string) => `/api/profile/${name}/subscriptions/basic/pause`;

async function readTime(name: string) {
  const { id, ends_at, anchor_at } = await site.app.db
    .selectFrom('subscriptions')
    .innerJoin('profiles', 'profiles.id', 'subscriptions.profile_id')
    .select(['subscriptions.id', 'subscriptions.ends_at', 'subscriptions.anchor_at'])
    .where('profiles.slug', '=', name)
    .executeTakeFirstOrThrow();
  const coverages = await site.app.db
    .selectFrom('coverages')
    .select(['starts_at', 'ends_at', 'amount'])
    .where('subscription_id', '=', id)
    .where('amount', '>', 0)
    .orderBy('starts_at')
    .execute();
  const text = coverages.map((each) =>
    [each.starts_at, each.ends_at].map((at) => at.toISOString().slice(0, 10)).join(' '),
  );
  return {
    ends_at: ends_at.toISOString().slice(0, 10),
    anchor_at: anchor_at.toISOString().slice(0, 10),
    coverages: text,
  };
}

test('coverages of one subscription overlap only for seats (9): time bought during a pause follows the rest', async () => {
  const early = await site.register('early');
  const moved = await site.register('moved');
  const all = [
    ['due', await site.register('due')],
    ['early', early],
    ['moved', moved],
  ] as const;
  for (const [name, call] of all) await site.buy(call, name, 'basic');
  site.moveTo('2026-01-20T10:00:00Z');
  for (const [name, call] of all)
    await expectStatus(call('POST', urlOf(name), { resumes_at: '2026-02-20T10:00:00Z' }), 200);
  site.moveTo('2026-01-21T10:00:00Z');
  for (const [name, call] of all) await site.buy(call, name, 'basic');

  await expectStatus(early('DELETE', urlOf('early')), 200);
  const answer = await expectStatus(moved('PUT', urlOf('moved'), { resumes_at: '2026-02-25T10:00:00Z' }), 200);
  assert.equal(answer.json()['ends_at'], '2026-04-18T10:00:00.000Z');
  await site.runAt('2026-02-20T12:00:00Z', 'run_pauses');
  await site.runAt('2026-02-25T12:00:00Z', 'run_pauses');

  const first = '2026-01-10 2026-01-20';
  for (const [name, coverages] of [
    ['due', ['2026-02-20 2026-03-13', '2026-03-13 2026-04-13']],
    ['early', ['2026-01-21 2026-02-11', '2026-02-11 2026-03-14']],
    ['moved', ['2026-02-25 2026-03-18', '2026-03-18 2026-04-18']],
  ] as const) {
    const end = coverages[1].slice(11);
    assert.deepEqual(await readTime(name), { ends_at: end, anchor_at: end, coverages: [first, ...coverages] }, name);
  }
  // The next period begins after what was bought.
  await site.runAt('2026-03-13T12:00:00Z', 'recognise_income', 'renew_subscriptions');
  assert.equal((await readTime('due')).ends_at, '2026-04-13');
  assert.deepEqual(await checkRules(site.app.db, { is_final: false }), []);
});
