import assert from 'node:assert/strict';
import { BEGIN, expectStatus, H } from '../../support/changes.ts';
import { begin, change, expectExample, preview, vector } from './change-vector.ts';

// Changes of orders that are paid in part or refunded in part: examples V20 and V21 of spec changes.md §12, over HTTP.

const prorated = { downgrade_mode: 'prorate' } as const;

vector('V20 downgrade of a partly paid order', async (site) => {
  await site.plan('basic');
  await site.plan('lite', prorated);
  const bought = await begin(site, 'basic', BEGIN, { token: 'tok_chargeAsyncFail' });
  const key = bought.json<{ processor_key: string }>().processor_key;
  await expectStatus(site.xia('POST', `/_dev/processor/charges/${key}`, { state: 'failed' }), 200);
  site.moveTo('2026-01-12T10:00:00Z');
  await expectStatus(site.broker('DELETE', '/api/billing/xia/balance?amount=6000&paid=true'), 204);
  site.moveTo(H);
  await expectExample(site, 'V20', async () => {
    const { shown } = await change(site.xia, 'basic', { to: 'lite' });
    assert.deepEqual([shown['credit_used'], shown['credit_after'], shown['charge_amount']], [1000, 500, 0]);
  });
  const listed = await expectStatus(site.xia('GET', '/api/billing/xia/credits'), 200);
  const [lot] = listed.json<{ results: { number: number }[] }>().results;
  const paid = await expectStatus(site.broker('POST', `/api/billing/xia/credits/${lot?.number}/refund`, {}), 409);
  assert.equal(paid.json()['code'], 'credit_not_refundable', 'offline money is not payable to a card');
});

vector('V21 change after a goodwill refund', async (site) => {
  await site.plan('basic');
  await site.plan('lite', prorated);
  const bought = await begin(site, 'basic', '2026-01-12T10:00:00Z');
  const url = `/api/billing/xia/charges/${bought.json<{ processor_key: string }>().processor_key}/refund`;
  const refund = (refunded_amount: number) => site.broker('POST', url, { lines: [{ num: 0, refunded_amount }] });
  await expectStatus(refund(4000), 201);
  site.moveTo(H);
  // Docs/decisions/0026: a refund returns the fee in proportion, 129 in the place of 116.
  const balances =
    'cowork Backlog -1000 Credit -1500 Expenses 291 Funds 4838 Income -4500 Refund 2000 · xia Refunded -4000';
  const work = async () => {
    const { shown } = await change(site.xia, 'basic', { to: 'lite' });
    assert.deepEqual([shown['credit_used'], shown['credit_after'], shown['charge_amount']], [1000, 1500, 0]);
  };
  await expectExample(site, 'V21', work, { balances });
  // Of 9000, 4000 were refunded, and 2500 became credit.
  assert.equal((await expectStatus(refund(2501), 405)).json()['code'], 'refund_exceeds_line');
  await expectStatus(refund(2500), 201);
});

vector('V7 a planned change that is taken back leaves the plan, whose renewal costs its price', async (site) => {
  await site.plan('basic');
  await site.plan('pro');
  await begin(site, 'pro', '2026-01-15T10:00:00Z');
  const url = '/api/profile/xia/subscriptions/pro/change';
  await change(site.xia, 'pro', { to: 'basic' });
  site.moveTo('2026-01-20T10:00:00Z');
  await expectStatus(site.xia('DELETE', url), 204);
  await site.runAt('2026-02-09T10:00:00Z', 'complete_changes', 'renew_subscriptions');
  const orders = await site.app.db
    .selectFrom('order_lines')
    .innerJoin('plans', 'plans.id', 'order_lines.plan_id')
    .select(['slug', 'order_lines.amount'])
    .where('kind', '=', 'period')
    .orderBy('order_lines.id')
    .execute();
  assert.deepEqual(orders, [
    { slug: 'pro', amount: 24_900 },
    { slug: 'pro', amount: 24_900 },
  ]);
  assert.equal((await expectStatus(site.xia('DELETE', url), 404)).json()['code'], 'change_unknown');
  assert.equal((await preview(site.xia, 'pro', { to: 'basic' })).status, 200, 'another change can be planned');
});
