import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type ChangeSite, startChanges } from '../../../test/support/changes.ts';

let site: ChangeSite;
before(async () => {
  site = await startChanges({ config: { terms_required: false } });
  await site.plan('pass', { renewal_type: 'repeat', pause_days_max: 30 });
  await site.buy(site.xia, 'xia', 'pass');
});
after(() => site.close());

test('a subscription that has ended is neither paused, changed nor resumed, and nothing is written', async () => {
  site.moveTo('2026-02-10T10:00:01Z');
  const xia = await site.signIn('xia');
  const provider = await site.signIn('operator');
  const url = '/api/profile/xia/subscriptions/pass/pause';
  const wish = { at: 'now', resumes_at: '2026-02-20T10:00:00Z' };
  for (const call of [xia, provider])
    for (const [method, body] of [
      ['POST', wish],
      ['POST', { ...wish, at: 'period_end' }],
      ['PUT', { resumes_at: wish.resumes_at }],
      ['DELETE', undefined],
    ] as const) {
      const refused = await call(method, url, body);
      assert.deepEqual([refused.status, refused.json()['code']], [404, 'subscription_unknown'], refused.text);
    }
  const rows = await site.app.db.selectFrom('subscriptions').select(['ends_at', 'paused_at', 'resumes_at']).execute();
  assert.deepEqual(rows, [{ ends_at: new Date('2026-02-10T10:00:00Z'), paused_at: null, resumes_at: null }]);
  assert.deepEqual(await site.app.db.selectFrom('pauses').select('id').execute(), []);
});
