import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { verifyLedger } from '#ledger';
import { type Call, type ChangeSite, expectStatus, startChanges } from '../../../test/support/changes.ts';

// Six hours of `hours` cost 177. An hour after a purchase the job orders the next four periods: 24 hours and more.
const terms = { period_type: 'hourly', period_length: 6, pause_days_max: 40, upgrade_mode: 'none' } as const;
const urlOf = (slug: string, plan: string) => `/api/profile/${slug}/subscriptions/${plan}`;
const url = urlOf('xia', 'hours');

let site: ChangeSite;
before(async () => {
  site = await startChanges();
  await site.plan('hours', { ...terms, period_amount: 177 });
  await site.plan('more', { ...terms, period_amount: 277 });
});
after(() => site.close());

/** Cancels at the end of the period; returns the end and the amount that goes back to the card. */
async function cancelAtEnd(call: Call, of: string): Promise<unknown[]> {
  const shown = await expectStatus(call('GET', `${of}/cancel`), 200);
  const { preview_key } = shown.json<{ preview_key: string }>();
  const done = (await expectStatus(call('POST', `${of}/cancel`, { preview_key }), 200)).json();
  return [done['ends_at'], done['refund_amount']];
}

const violations = async () => (await verifyLedger(site.app.db)).violations;

test('a cancellation gives back each renewal that a pause moved and whose period has not begun', async () => {
  await site.buy(site.xia, 'xia', 'hours');
  await site.runAt('2026-01-10T11:00:00Z', 'renew_subscriptions');
  site.moveTo('2026-01-10T12:00:00Z');
  await expectStatus(site.xia('POST', `${url}/pause`, { resumes_at: '2026-01-20T12:00:00Z' }), 200);
  // 4 of 6 hours and 4 periods run on from 15:00: the periods begin at 19:00, 01:00, 07:00 and 13:00, the end is 19:00.
  site.moveTo('2026-01-11T15:00:00Z');
  await expectStatus(site.xia('DELETE', `${url}/pause`), 200);
  // The job orders the periods that begin at 19:00 and at 01:00 of the next day.
  await site.runAt('2026-01-11T20:00:00Z', 'renew_subscriptions');
  await site.runAt('2026-01-12T02:00:00Z', 'renew_subscriptions');
  // The period from 01:00 to 07:00 runs. Those from 07:00, 13:00, 19:00 and 01:00 have not begun: 4 × 177 = 708.
  site.moveTo('2026-01-12T04:46:15Z');
  assert.deepEqual(await cancelAtEnd(site.xia, url), ['2026-01-12T07:00:00.000Z', 708]);
  assert.deepEqual(await violations(), []);
});

test('after a withdrawn cancellation the periods that it gave back are ordered again', async () => {
  await expectStatus(site.xia('DELETE', `${url}/cancel`), 200);
  await site.runAt('2026-01-12T05:00:00Z', 'renew_subscriptions');
  const { ends_at } = (await expectStatus(site.xia('GET', url), 200)).json();
  assert.equal(ends_at, '2026-01-13T07:00:00.000Z');
  assert.deepEqual(await violations(), []);
});

test('a cancellation gives back renewals ahead that a change without money handed over, in their own books', async () => {
  const zoe = await site.register('zoe');
  site.moveTo('2026-01-12T10:00:00Z');
  await site.buy(zoe, 'zoe', 'hours');
  await site.runAt('2026-01-12T11:00:00Z', 'renew_subscriptions');
  const change = `${urlOf('zoe', 'hours')}/change`;
  const { preview_key } = (await expectStatus(zoe('GET', `${change}?to=more&at=now`), 200)).json();
  await expectStatus(zoe('POST', change, { to: 'more', at: 'now', preview_key }), 200);
  // The period from 10:00 to 16:00 runs; four have not begun.
  assert.deepEqual(await cancelAtEnd(zoe, urlOf('zoe', 'more')), ['2026-01-12T16:00:00.000Z', 708]);
  assert.deepEqual(await violations(), []);
});

test('a cancellation keeps the renewals before a period that the subscriber bought ahead', async () => {
  const amy = await site.register('amy');
  const of = urlOf('amy', 'hours');
  site.moveTo('2026-01-13T10:00:00Z');
  await site.buy(amy, 'amy', 'hours');
  await site.runAt('2026-01-13T11:00:00Z', 'renew_subscriptions');
  // Renewals until 14T16:00, the bought period until 22:00, and one more renewal.
  await site.buy(amy, 'amy', 'hours');
  await site.runAt('2026-01-13T22:00:00Z', 'renew_subscriptions');
  assert.equal((await expectStatus(amy('GET', of), 200)).json()['ends_at'], '2026-01-15T04:00:00.000Z');
  assert.deepEqual(await cancelAtEnd(amy, of), ['2026-01-14T22:00:00.000Z', 177]);
  assert.deepEqual(await violations(), []);
});
