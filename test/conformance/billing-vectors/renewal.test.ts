import assert from 'node:assert/strict';
import { dueOf, eventsPostedBy, expectStatus } from '../../support/changes.ts';
import { RENEW } from '../../support/dunning.ts';
import { vector } from '../changes-vectors/change-vector.ts';

/** Two hours before the end of the subscription. */
const FIRST_RUN = '2026-02-10T08:00:00Z';

vector('C17 §5.6 a renewal is ordered once, within the last day, and charged once', async (site) => {
  await site.plan('basic', { period_amount: 2000 });
  await site.buy(site.xia, 'xia', 'basic');
  const url = '/api/profile/xia/subscriptions/basic';
  const endOf = async () => (await expectStatus(site.xia('GET', url), 200)).json()['ends_at'];
  assert.equal(await endOf(), '2026-02-10T10:00:00.000Z');
  const first = await eventsPostedBy(site, () => site.runAt(FIRST_RUN, RENEW));
  assert.deepEqual(first, [
    '`sub_1/` cowork:Receivable→xia:Payable 2000',
    '`cha_2/` xia:Liability→stripe:Funds 2000 · `sub_1/` xia:Payable→xia:Liability 2000 · `cha_2/` stripe:Backlog→cowork:Expenses 88 · `sub_1/` cowork:Backlog→cowork:Receivable 2000 · `cha_2/` stripe:Funds→cowork:Funds 1912',
  ]);
  assert.equal(await endOf(), '2026-03-10T10:00:00.000Z');
  const ordered = await expectStatus(site.xia('GET', '/api/billing/xia/history'), 200);
  const texts = ordered.json<{ results: { description: string }[] }>().results.map(({ description }) => description);
  assert.ok(texts.includes('Subscription to basic until 2026/03/10 (1 month)'), texts.join(', '));
  for (const again of ['2026-02-10T09:00:00Z', '2026-02-10T11:00:00Z'])
    assert.deepEqual(await eventsPostedBy(site, () => site.runAt(again, RENEW)), [], again);
  assert.equal(await dueOf(site.xia, 'xia'), 0);
  const charges = await site.app.db.selectFrom('charges').select(['amount', 'state']).execute();
  assert.deepEqual(charges, [
    { amount: 2000, state: 'done' },
    { amount: 2000, state: 'done' },
  ]);
});
