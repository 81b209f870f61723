import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { verifyLedger } from '#ledger';
import { ledgerChecks } from '../../ledger-checks.ts';
import { balancesOf, type ChangeSite, expectStatus, H, startChanges } from '../../../test/support/changes.ts';

// What was written off of an order is no money: a credit note over its unused time takes the write-off back, and only
// the rest can become credit.

let site: ChangeSite;
const url = '/api/profile/xia/subscriptions/basic';

/** The broker orders a month of 90.00 for xia, which is due. */
beforeEach(async () => {
  site = await startChanges();
  await site.plan('basic', { cancel_refund: 'credit' });
  await site.plan('pro');
  await site.broker('POST', '/api/cart', { plan: 'basic' });
  await site.broker('GET', '/api/billing/xia/checkout');
  await expectStatus(site.broker('POST', '/api/billing/xia/checkout/paylater', {}), 201);
});
afterEach(async () => {
  const { violations } = await verifyLedger(site.app.db, { checks: ledgerChecks });
  await site.close();
  assert.deepEqual(violations, []);
});

const settle = (query: string) => expectStatus(site.broker('DELETE', `/api/billing/xia/balance${query}`), 204);

/** Cancels at half of the month for credit; returns what the preview and the cancellation give. */
async function cancel() {
  site.moveTo(H);
  const preview = await expectStatus(site.xia('GET', `${url}/cancel?at=now&refund=credit`), 200);
  const shown = preview.json<{ preview_key: string; credit_amount: number; due_after: number }>();
  const { preview_key } = shown;
  const done = await expectStatus(site.xia('POST', `${url}/cancel`, { at: 'now', refund: 'credit', preview_key }), 200);
  const { credit_amount } = done.json<{ credit_amount: number }>();
  const lots = await site.app.db.selectFrom('credits').select('balance').execute();
  return {
    shown: [shown.credit_amount, shown.due_after],
    credit_amount,
    lots: lots.map(({ balance }) => balance),
  };
}

test('an order that was written off whole becomes no credit, and the loss is that of the used time', async () => {
  await settle('');
  assert.deepEqual(await cancel(), { shown: [0, 0], credit_amount: 0, lots: [] });
  assert.match(await balancesOf(site, 'cowork'), /^cowork Receivable -9000 Writeoff 4500$/);
  const { key } = await site.app.db.selectFrom('adjustments').select('key').executeTakeFirstOrThrow();
  const reversal = await site.broker('POST', `/api/billing/cowork/adjustments/${key}/reverse`);
  assert.deepEqual([reversal.status, reversal.json()['code']], [409, 'adjustment_settled']);
});

test('of an order that was paid in part and written off, unused time takes the write-off back first', async () => {
  await settle('?amount=6000&paid=1');
  await settle('');
  assert.deepEqual(await cancel(), { shown: [1500, 0], credit_amount: 1500, lots: [1500] });
});

test('what is due shrinks before what was written off', async () => {
  await settle('?amount=3000');
  assert.deepEqual(await cancel(), { shown: [0, 1500], credit_amount: 0, lots: [] });
});

test('a change of plan gives no credit for an order that was written off', async () => {
  await settle('');
  site.moveTo(H);
  const preview = await expectStatus(site.xia('GET', `${url}/change?to=pro&at=now`), 200);
  const { preview_key, charge_amount } = preview.json<{ preview_key: string; charge_amount: number }>();
  assert.equal(charge_amount, 12_450, 'half of the new price, without credit');
  const body = { to: 'pro', at: 'now', preview_key, processor_token: 'tok_visa' };
  await expectStatus(site.xia('POST', `${url}/change`, body), 200, 201);
  assert.deepEqual(await site.app.db.selectFrom('credits').select('balance').execute(), []);
  const [charge] = await site.app.db.selectFrom('charges').select('amount').execute();
  assert.equal(charge?.amount, 12_450);
});
