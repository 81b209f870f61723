import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { verifyLedger } from '#ledger';
import { ledgerChecks } from '../../ledger-checks.ts';
import { balancesOf, type ChangeSite, dueOf, expectStatus, startChanges } from '../../../test/support/changes.ts';
import { ownAddress } from '../../../test/support/own-address.ts';

// A seat is claimed while it counts as paid elsewhere, that payment is taken back, and its order is paid late.

let site: ChangeSite;
beforeEach(async () => {
  site = await startChanges();
  await site.plan('basic');
});
afterEach(async () => {
  const { violations } = await verifyLedger(site.app.db, { checks: ledgerChecks });
  await site.close();
  assert.deepEqual(violations, []);
});

/** Xia buys a seat for ann whose payment fails later; the broker records that it was paid elsewhere; ann claims it. */
async function claimSeat(): Promise<{ reversal: string }> {
  await expectStatus(
    site.xia('POST', '/api/cart', { plan: 'basic', sync_on: 'ann@example.com', full_name: 'Ann' }),
    201,
  );
  await site.xia('GET', '/api/billing/xia/checkout');
  const order = { processor_token: 'tok_chargeAsyncFail' };
  const charge = await expectStatus(site.xia('POST', '/api/billing/xia/checkout', order), 201);
  const { processor_key } = charge.json<{ processor_key: string }>();
  await expectStatus(site.broker('POST', `/_dev/processor/charges/${processor_key}`, { state: 'failed' }), 200);
  assert.equal(await dueOf(site.xia, 'xia'), 9000);
  await expectStatus(site.broker('DELETE', '/api/billing/xia/balance?paid=1'), 204);
  await site.app.tollgate.worker.drain();
  const [mail] = site.app.tollgate.mailbox.list('ann@example.com');
  const code = /\b[0-9a-f]{40}\b/.exec(mail?.text ?? '')?.[0] ?? '';
  const ann = await site.register('ann');
  await ownAddress(site.app, 'ann', 'ann@example.com');
  site.moveTo('2026-01-20T10:00:00Z');
  await expectStatus(ann('POST', '/api/cart/redeem', { code }), 200);
  await ann('GET', '/api/billing/ann/checkout');
  await expectStatus(ann('POST', '/api/billing/ann/checkout', {}), 200, 201);
  await expectStatus(ann('GET', '/api/profile/ann/subscriptions/basic'), 200);
  const listed = await expectStatus(site.broker('GET', '/api/billing/cowork/adjustments'), 200);
  const [adjustment] = listed.json<{ results: { key: string }[] }>().results;
  return { reversal: `/api/billing/cowork/adjustments/${adjustment?.key}/reverse` };
}

const payBalance = async () => {
  await expectStatus(site.xia('GET', '/api/billing/xia/checkout'), 200);
  await expectStatus(site.xia('POST', '/api/billing/xia/checkout', { processor_token: 'tok_visa' }), 201);
};

test('paid before it is earned, a claimed seat is earned once', async () => {
  const { reversal } = await claimSeat();
  await expectStatus(site.broker('POST', reversal), 200);
  assert.equal(await dueOf(site.xia, 'xia'), 9000);
  await payBalance();
  assert.equal(await dueOf(site.xia, 'xia'), 0);
  await site.runAt('2026-03-01T10:00:00Z', 'recognise_income');
  assert.match(await balancesOf(site, 'cowork'), /^cowork Expenses 291 Funds 8709 Income -9000$/);
});

test('paid after it was earned, a claimed seat is earned once and owes nothing', async () => {
  const { reversal } = await claimSeat();
  await site.runAt('2026-02-01T10:00:00Z', 'recognise_income');
  await expectStatus(site.broker('POST', reversal), 200);
  await site.runAt('2026-03-01T10:00:00Z', 'recognise_income');
  assert.equal(await balancesOf(site, 'cowork'), 'cowork Income -9000', 'earned from what is due');
  assert.equal(await dueOf(site.xia, 'xia'), 9000);
  await payBalance();
  assert.match(await balancesOf(site, 'cowork'), /^cowork Expenses 291 Funds 8709 Income -9000$/);
});
