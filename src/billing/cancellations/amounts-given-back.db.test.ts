import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { verifyLedger } from '#ledger';
import {
  balancesOf,
  type ChangeSite,
  eventsPostedBy,
  expectStatus,
  H,
  lotsLeft,
  startChanges,
} from '../../../test/support/changes.ts';

const url = '/api/profile/xia/subscriptions/basic/cancel';

let site: ChangeSite;
beforeEach(async () => {
  site = await startChanges();
});
afterEach(async () => {
  const { violations } = await verifyLedger(site.app.db);
  await site.close();
  assert.deepEqual(violations, []);
});

/** Cancels now; returns the response. */
async function cancelNow(refund: string): Promise<Record<string, unknown>> {
  const wish = { at: 'now', refund };
  const shown = await expectStatus(site.xia('GET', `${url}?${new URLSearchParams(wish).toString()}`), 200);
  const { preview_key } = shown.json<{ preview_key: string }>();
  return (await expectStatus(site.xia('POST', url, { ...wish, preview_key }), 200)).json();
}

test('unused time that credit paid returns as credit in full, beside the refund to the card', async () => {
  await site.plan('basic', { cancel_refund: 'unused' });
  const gift = { amount: 6000, unit: 'usd', descr: 'Thank you' };
  await expectStatus(site.broker('POST', '/api/billing/xia/credits', gift), 201);
  await site.buy(site.xia, 'xia', 'basic');
  site.moveTo(H);
  const events = await eventsPostedBy(site, async () => {
    const { refund_amount, credit_amount } = await cancelNow('unused');
    assert.deepEqual([refund_amount, credit_amount], [3000, 1500]);
  });
  assert.equal(events.length, 1);
  assert.equal(await lotsLeft(site), 'lot 2 left 1500');
  // Nothing is left of the order but the income of its half.
  assert.match(await balancesOf(site, 'cowork'), /^cowork Credit -1500 Expenses \d+ Income -4500 Writeoff 6000$/);
});

test('the share of an earlier refund is taken off once when the rest becomes credit', async () => {
  await site.plan('basic', { cancel_refund: 'credit' });
  const bought = await site.buy(site.xia, 'xia', 'basic');
  const key = bought.json<{ processor_key: string }>().processor_key;
  const refund = { lines: [{ num: 0, refunded_amount: 4000 }] };
  await expectStatus(site.broker('POST', `/api/billing/xia/charges/${key}/refund`, refund), 201);
  site.moveTo(H);
  const { credit_amount } = await cancelNow('credit');
  // As a change of plan would: floor(4500 × 4000 / 9000) was given back already.
  assert.equal(credit_amount, 2500);
  assert.equal(await lotsLeft(site), 'lot 1 left 2500');
  assert.match(
    await balancesOf(site, 'cowork'),
    /^cowork Credit -2500 Expenses 291 Funds 4838 Income -4500 Refund 2000$/,
  );
});

test('the share of a lost dispute leaves Chargeback', async () => {
  await site.plan('basic', { cancel_refund: 'credit' });
  const bought = await site.buy(site.xia, 'xia', 'basic');
  const key = bought.json<{ processor_key: string }>().processor_key;
  for (const state of ['disputed', 'lost'])
    await expectStatus(site.xia('POST', `/_dev/processor/charges/${key}`, { state }), 200);
  site.moveTo(H);
  assert.equal((await cancelNow('credit'))['credit_amount'], 0);
  assert.match(await balancesOf(site, 'cowork'), /^cowork Chargeback 4500 Expenses \d+ Funds -\d+ Income -4500$/);
});
