import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { checkRules } from '../../simulate/check-rules.ts';
import { type ChangeSite, expectStatus, startChanges } from '../../../test/support/changes.ts';

let site: ChangeSite;
before(async () => {
  site = await startChanges();
});
after(() => site.close());

const endOf = async (plan: string) =>
  (await expectStatus(site.broker('GET', `/api/profile/xia/subscriptions/${plan}`), 200)).json()['ends_at'];

test('a subscription whose end was set back before an ordered period keeps no other of its payer back', async () => {
  const terms = { period_amount: 177, period_type: 'hourly', period_length: 6 } as const;
  for (const plan of ['hours', 'more']) {
    await site.plan(plan, terms);
    await site.buy(site.xia, 'xia', plan);
  }
  // The job orders four periods of each ahead.
  await site.runAt('2026-01-10T11:00:00Z', 'renew_subscriptions');
  const set_back = '2026-01-11T10:00:00.000Z';
  const url = '/api/profile/xia/subscriptions/hours';
  await expectStatus(site.broker('PUT', url, { ends_at: set_back }), 200);
  await site.runAt('2026-01-10T18:00:00Z', 'renew_subscriptions');
  assert.deepEqual([await endOf('hours'), await endOf('more')], [set_back, '2026-01-11T22:00:00.000Z']);
  // An end after the paid time lets it renew again.
  await expectStatus(site.broker('PUT', url, { ends_at: '2026-01-11T16:00:00Z' }), 200);
  await site.runAt('2026-01-10T19:00:00Z', 'renew_subscriptions');
  assert.equal(await endOf('hours'), '2026-01-11T22:00:00.000Z');
  assert.deepEqual(await checkRules(site.app.db, { is_final: false }), []);
});
