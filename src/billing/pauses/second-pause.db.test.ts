import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { verifyLedger } from '#ledger';
import { type ChangeSite, expectStatus, startChanges } from '../../../test/support/changes.ts';

const url = '/api/profile/xia/subscriptions/hours/pause';

let site: ChangeSite;
before(async () => {
  site = await startChanges();
});
after(() => site.close());

test('a subscription whose next periods were moved by a pause can be paused again before they would have begun', async () => {
  await site.plan('hours', { period_amount: 177, period_type: 'hourly', period_length: 6, pause_days_max: 40 });
  await site.buy(site.xia, 'xia', 'hours');
  // The job orders the periods of the next day ahead.
  await site.runAt('2026-01-10T11:00:00Z', 'renew_subscriptions');
  for (const [pause, resume] of [
    ['2026-01-10T12:00:00Z', '2026-01-10T12:01:00Z'],
    ['2026-01-10T20:00:00Z', '2026-01-10T20:01:00Z'],
  ] as const) {
    site.moveTo(pause);
    await expectStatus(site.xia('POST', url, { resumes_at: '2026-01-20T12:00:00Z' }), 200);
    site.moveTo(resume);
    await expectStatus(site.xia('DELETE', url), 200);
  }
  assert.deepEqual((await verifyLedger(site.app.db)).violations, []);
});
