import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  balancesOf,
  BEGIN,
  type ChangeSite,
  dueOf,
  eventsPostedBy,
  expectStatus,
  startChanges,
} from '../../../test/support/changes.ts';

let site: ChangeSite;
const url = '/api/profile/xia/subscriptions/basic/pause';

before(async () => {
  site = await startChanges();
});
after(() => site.close());

const readSubscription = async (slug = 'basic') =>
  (await expectStatus((await site.signIn('xia'))('GET', `/api/profile/xia/subscriptions/${slug}`), 200)).json();
const coverages = () =>
  site.app.db
    .selectFrom('coverages')
    .select(['amount', 'starts_at', 'ends_at'])
    .where('amount', '>', 0)
    .orderBy('order_line_id')
    .orderBy('rank')
    .execute();

test('V30 pause and resume', async () => {
  await site.plan('basic', { pause_days_max: 60 });
  site.moveTo(BEGIN);
  await site.buy(site.xia, 'xia', 'basic');
  const [before_pause] = await coverages();
  assert.ok(before_pause);
  const length = before_pause.ends_at.getTime() - before_pause.starts_at.getTime();

  site.moveTo('2026-01-20T10:00:00Z');
  const early = await site.xia('POST', url, { resumes_at: '2026-01-20T11:00:00Z' });
  assert.deepEqual([early.status, 'resumes_at' in early.json()], [400, true]);
  const late = await site.xia('POST', url, { resumes_at: '2026-04-20T11:00:00Z' });
  assert.equal(late.status, 400);
  const paused = await eventsPostedBy(site, async () => {
    const answer = await expectStatus(site.xia('POST', url, { resumes_at: '2026-02-20T10:00:00Z' }), 200);
    assert.deepEqual(answer.json(), {
      state: 'paused',
      paused_at: '2026-01-20T10:00:00.000Z',
      resumes_at: '2026-02-20T10:00:00.000Z',
      ends_at: '2026-03-13T10:00:00.000Z',
    });
  });
  assert.deepEqual(paused, ['`sub_1/` cowork:Income→cowork:Backlog 2903']);
  assert.equal((await site.xia('POST', url, {})).json()['code'], 'subscription_paused');

  // While it is paused nothing renews and nothing is recognised.
  const quiet = await eventsPostedBy(site, () =>
    site.runAt('2026-02-19T10:00:00Z', 'renew_subscriptions', 'recognise_income', 'run_pauses'),
  );
  assert.deepEqual(quiet, []);
  assert.equal((await readSubscription())['paused_at'], '2026-01-20T10:00:00.000Z');

  await site.runAt('2026-02-20T12:00:00Z', 'run_pauses', 'run_pauses');
  const resumed = await readSubscription();
  assert.deepEqual([resumed['paused_at'], resumed['ends_at']], [null, '2026-03-13T10:00:00.000Z']);
  const [earned, rest] = await coverages();
  assert.ok(earned && rest);
  assert.deepEqual([earned.amount, rest.amount], [2903, 6097]);
  assert.deepEqual(rest.starts_at, new Date('2026-02-20T10:00:00Z'));
  // Property 9: the time that was sold is neither lost nor doubled.
  const lengths = [earned, rest].map(({ starts_at, ends_at }) => ends_at.getTime() - starts_at.getTime());
  assert.equal(
    lengths.reduce((sum, each) => sum + each, 0),
    length,
  );
  const xia = await site.signIn('xia');
  assert.equal((await xia('POST', url, {})).json()['code'], 'pause_used');
  assert.equal((await xia('DELETE', url)).json()['code'], 'pause_unknown');

  const recognised = await eventsPostedBy(site, () => site.runAt('2026-03-13T10:00:00Z', 'recognise_income'));
  assert.deepEqual(recognised, ['`sub_1/` cowork:Income→cowork:Backlog 6097']);
  assert.equal(await balancesOf(site, 'cowork', 'xia'), 'cowork Expenses 291 Funds 8709 Income -9000');
  assert.equal(await dueOf(await site.signIn('xia'), 'xia'), 0);
});

test('a pause is refused where the plan offers none, and while something is due', async () => {
  await site.plan('mate');
  await site.plan('plus', { pause_days_max: 30 });
  const call = await site.register('zoe');
  await site.buy(call, 'zoe', 'mate');
  const pauseOf = (plan: string) => `/api/profile/zoe/subscriptions/${plan}/pause`;
  const offered = await call('POST', pauseOf('mate'), {});
  assert.deepEqual([offered.status, offered.json()['code']], [409, 'pause_not_offered']);
  // The payment is still open, so that its order is due.
  await site.buy(call, 'zoe', 'plus', { token: '4000000000000341' });
  const due = await call('POST', pauseOf('plus'), {});
  assert.deepEqual([due.status, due.json()['code']], [409, 'balance_due']);
  const rows = await site.app.db
    .selectFrom('pauses')
    .innerJoin('subscriptions', 'subscriptions.id', 'pauses.subscription_id')
    .innerJoin('profiles', 'profiles.id', 'subscriptions.profile_id')
    .select('pauses.id')
    .where('profiles.slug', '=', 'zoe')
    .execute();
  assert.deepEqual(rows, []);
});
