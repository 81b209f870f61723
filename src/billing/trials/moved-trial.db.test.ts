import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ChangeSite, eventsPostedBy, expectStatus, startChanges } from '../../../test/support/changes.ts';

let site: ChangeSite;
before(async () => {
  site = await startChanges({ config: { terms_required: false } });
  await site.plan('basic', { trial_days: 14, setup_amount: 500 });
  await site.buy(site.xia, 'xia', 'basic');
});
after(() => site.close());

const url = '/api/profile/cowork/plans/basic/subscriptions/xia';

test('a trial moves only to a later end, by the provider, and each refusal names its field', async () => {
  for (const [body, field] of [
    [{ trial_ends_at: '2026-01-23T10:00:00Z' }, 'trial_ends_at'],
    [{ trial_ends_at: 'soon' }, 'trial_ends_at'],
    [{ trial_ends_at: '2026-02-01T10:00:00Z', ends_at: '2026-02-02T10:00:00Z' }, 'ends_at'],
    [{ description: 'x' }, 'ends_at'],
  ] as const) {
    const refused = await site.broker('PUT', url, body);
    assert.equal(refused.status, 400, refused.text);
    assert.ok(field in refused.json<Record<string, unknown>>(), refused.text);
  }
  assert.equal((await site.xia('PUT', url, { trial_ends_at: '2026-02-01T10:00:00Z' })).status, 403);
});

test('a later end of a trial, by either field, postpones the promised first charge and renews nothing', async () => {
  const moved = await expectStatus(site.broker('PUT', url, { trial_ends_at: '2026-02-01T10:00:00Z' }), 200);
  const ends = moved.json<{ ends_at: string; trial_ends_at: string }>();
  assert.deepEqual([ends.ends_at, ends.trial_ends_at], ['2026-02-01T10:00:00.000Z', '2026-02-01T10:00:00.000Z']);
  const extended = await expectStatus(site.broker('PATCH', url, { ends_at: '2026-02-10T10:00:00Z' }), 200);
  assert.equal(extended.json<{ trial_ends_at: string }>().trial_ends_at, '2026-02-10T10:00:00.000Z');
  const early = await eventsPostedBy(site, () =>
    site.runAt('2026-02-10T09:59:59Z', 'convert_trials', 'renew_subscriptions'),
  );
  assert.deepEqual(early, []);
  const posted = await eventsPostedBy(site, () => site.runAt('2026-02-10T10:00:00Z', 'convert_trials'));
  assert.match(posted[0] ?? '', /cowork:Receivable→xia:Payable 9000 · cowork:Receivable→xia:Payable 500/);
  const row = await site.app.db.selectFrom('subscriptions').selectAll().executeTakeFirstOrThrow();
  assert.deepEqual([row.anchor_at, row.ends_at], [new Date('2026-02-10T10:00:00Z'), new Date('2026-03-10T10:00:00Z')]);
  const late = await site.broker('PUT', url, { trial_ends_at: '2026-05-01T10:00:00Z' });
  assert.deepEqual([late.status, Object.keys(late.json<object>())[0]], [400, 'trial_ends_at'], late.text);
});
