import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { verifyLedger } from '#ledger';
import {
  balancesOf,
  type ChangeSite,
  dueOf,
  eventsPostedBy,
  expectStatus,
  H,
  startChanges,
} from '../../../test/support/changes.ts';
import { runJob } from '../../../test/support/run-job.ts';

let site: ChangeSite;
beforeEach(async () => {
  site = await startChanges();
});
afterEach(async () => {
  const { violations } = await verifyLedger(site.app.db);
  await site.close();
  assert.deepEqual(violations, []);
});

const url = '/api/profile/xia/subscriptions/basic/change';

/** Begins a change to pro at H whose payment the processor does not decide. */
async function beginChange(): Promise<void> {
  await site.plan('basic');
  await site.plan('pro');
  await site.buy(site.xia, 'xia', 'basic');
  await requestChange();
}

async function requestChange(): Promise<void> {
  site.moveTo(H);
  const { preview_key } = (await expectStatus(site.xia('GET', `${url}?to=pro`), 200)).json<{ preview_key: string }>();
  const body = { to: 'pro', preview_key, processor_token: 'tok_chargeAsyncFail' };
  await expectStatus(site.xia('POST', url, body), 202);
}

/** The processor takes the money after all. */
async function payLate(): Promise<void> {
  await site.app.db
    .updateTable('test_processor_charges')
    .set({ state: 'done', outcome: 'accepted' })
    .where('state', '=', 'created')
    .execute();
}

test('a payment that arrives after its change was given up is recorded with its refund', async () => {
  await beginChange();
  const before = await balancesOf(site, 'cowork', 'xia');
  await site.runAt('2026-01-27T10:00:00Z', 'finish_orders');
  const state = async () => (await site.app.db.selectFrom('subscription_changes').select('state').execute())[0]?.state;
  assert.equal(await state(), 'given_up');
  await payLate();
  const posted = await eventsPostedBy(site, () => site.runAt('2026-01-27T11:20:00Z', 'return_change_payments'));
  assert.deepEqual(posted, [
    '`sub_1/change:1/` cowork:Receivable→xia:Payable 7950',
    '`cha_2/` xia:Liability→stripe:Funds 7950 · `sub_1/change:1/` xia:Payable→xia:Liability 7950 · `cha_2/` stripe:Backlog→cowork:Expenses 261 · `sub_1/change:1/` cowork:Backlog→cowork:Receivable 7950 · `cha_2/` stripe:Funds→cowork:Funds 7689',
    '`cha_2/1/` xia:Refunded→cowork:Refund 7950 · stripe:Funds→stripe:Refund 261 · cowork:Funds→stripe:Refund 7689 · `sub_1/change:1/` cowork:Refund→cowork:Backlog 7950',
  ]);
  assert.equal(await state(), 'refused');
  assert.equal(await dueOf(site.xia, 'xia'), 0);
  const refunds = await site.app.db.selectFrom('test_processor_refunds').select(['amount', 'state']).execute();
  assert.deepEqual(refunds, [{ amount: 7950, state: 'succeeded' }]);
  const documents = await site.app.db
    .selectFrom('documents')
    .select(['series', 'amount'])
    .where('amount', '=', 7950)
    .orderBy('id')
    .execute();
  assert.deepEqual(
    documents.map(({ series, amount }) => [series === 'invoice', amount]),
    [
      [true, 7950],
      [false, 7950],
    ],
  );
  const again = await eventsPostedBy(site, () => runJob(site.app.tollgate, 'return_change_payments'));
  assert.deepEqual(again, []);
  assert.match(before, /Funds 8709/);
  assert.match(await balancesOf(site, 'cowork'), /Funds 8709/);
  // The old plan goes on, and its income is recognised as if nothing had happened.
  await site.runAt('2026-02-10T10:00:00Z', 'recognise_income');
  assert.match(await balancesOf(site, 'cowork'), /Income -9000/);
});

test('two runs at the same time record and return the payment once', async () => {
  await beginChange();
  await site.runAt('2026-01-27T10:00:00Z', 'finish_orders');
  await payLate();
  site.moveTo('2026-01-27T11:20:00Z');
  await Promise.all([1, 2].map(() => runJob(site.app.tollgate, 'return_change_payments')));
  const { count } = await site.app.db
    .selectFrom('refunds')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  assert.equal(Number(count), 1);
});

test('income of a subscription is not recognised beyond the instant of a change whose payment is open', async () => {
  await beginChange();
  await site.runAt('2026-02-10T10:00:00Z', 'recognise_income');
  assert.doesNotMatch(await balancesOf(site, 'cowork'), /Income/);
  await payLate();
  await site.runAt('2026-02-10T10:05:00Z', 'finish_orders');
  assert.match(await balancesOf(site, 'cowork'), /Income -4500/);
  await site.runAt('2026-02-10T11:00:00Z', 'recognise_income');
  assert.match(await balancesOf(site, 'cowork'), /Income -16950/);
});

test('a payment that is returned pays no renewal, and returns no income that an unpaid renewal earned', async () => {
  const week = { period_type: 'weekly', period_amount: 600 } as const;
  await site.plan('basic', week);
  await site.plan('pro', { ...week, period_amount: 2400 });
  await site.buy(site.xia, 'xia', 'basic');
  for (const day of ['17', '24']) await site.runAt(`2026-01-${day}T09:00:00Z`, 'renew_subscriptions');
  await requestChange();
  await site.runAt('2026-01-27T10:00:00Z', 'finish_orders');
  await expectStatus(site.xia('DELETE', '/api/billing/xia/card'), 204);
  await site.runAt('2026-01-31T09:00:00Z', 'renew_subscriptions');
  await site.runAt('2026-02-07T10:30:00Z', 'recognise_income');
  assert.equal(
    await balancesOf(site, 'cowork', 'xia'),
    'cowork Expenses 141 Funds 1659 Income -2400 · xia Payable 600',
  );
  await payLate();
  await site.runAt('2026-02-07T11:20:00Z', 'return_change_payments');
  // The broker keeps the fee of the payment, 71. Backlog and Receivable stay at 0.
  const returned = 'cowork Expenses 212 Funds 1659 Income -2400 · xia Payable 600 Refunded -1414';
  assert.equal(await balancesOf(site, 'cowork', 'xia'), returned);
  await expectStatus(site.xia('GET', '/api/billing/xia/checkout'), 200);
  await expectStatus(site.xia('POST', '/api/billing/xia/checkout', { processor_token: 'tok_visa' }), 201);
  assert.equal(
    await balancesOf(site, 'cowork', 'xia'),
    'cowork Expenses 259 Funds 2212 Income -2400 · xia Refunded -1414',
  );
});
