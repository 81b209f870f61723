import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { verifyLedger } from '#ledger';
import { balancesOf, type ChangeSite, dueOf, expectStatus, startChanges } from '../../../test/support/changes.ts';
import { casesOf, payloadsOf, RENEW, setCardOutcome, token_lifetime_s } from '../../../test/support/dunning.ts';

let site: ChangeSite;
beforeEach(async () => start());
afterEach(async () => {
  const { violations } = await verifyLedger(site.app.db);
  await site.close();
  assert.deepEqual(violations, []);
});

const DAY_0 = '2026-02-09T10:00:00Z';
const url = '/api/profile/xia/subscriptions/basic';

/** Starts a site on which the renewal of xia is declined on day 0. */
async function start(config: NonNullable<Parameters<typeof startChanges>[0]>['config'] = {}): Promise<void> {
  site = await startChanges({ config: { token_lifetime_s, ...config } });
  await site.plan('basic', { pause_days_max: 30 });
  await site.buy(site.xia, 'xia', 'basic');
}

async function decline(): Promise<void> {
  await setCardOutcome(site, 'insufficient_funds');
  await site.runAt(DAY_0, RENEW);
  assert.equal((await casesOf(site))[0]?.closed_at, null);
}

async function subscription() {
  return site.app.db.selectFrom('subscriptions').selectAll().executeTakeFirstOrThrow();
}

async function endings() {
  return site.app.db.selectFrom('subscription_endings').select(['kind', 'ends_at', 'created_by']).execute();
}

for (const [title, paid] of [
  ['an offline payment', 1],
  ['a write-off', 0],
] as const)
  test(`${title} closes the case in its own transaction`, async () => {
    await decline();
    site.moveTo('2026-02-10T09:00:00.500Z');
    await expectStatus(site.broker('DELETE', `/api/billing/xia/balance?amount=100&paid=${paid}`), 204);
    assert.equal((await casesOf(site))[0]?.state, 'retrying');
    await expectStatus(site.broker('DELETE', `/api/billing/xia/balance?paid=${paid}`), 204);
    const [recovered] = await casesOf(site);
    assert.deepEqual(
      [recovered?.state, recovered?.closed_at?.toISOString()],
      ['recovered', '2026-02-10T09:00:00.000Z'],
    );
    assert.equal((await payloadsOf(site, 'renewal_recovered')).length, 1);
    await site.runAt('2026-02-10T10:00:00Z', RENEW);
    assert.equal((await payloadsOf(site, 'renewal_recovered')).length, 1);
  });

test('a payment at the checkout closes the case at once, and suspended time runs on', async () => {
  await site.close();
  await start({ dunning_access: 'none' });
  await decline();
  assert.notEqual((await subscription()).suspended_at, null);
  site.moveTo('2026-02-10T09:00:00Z');
  await expectStatus(site.xia('GET', '/api/billing/xia/checkout'), 200);
  await expectStatus(site.xia('POST', '/api/billing/xia/checkout', { processor_token: 'tok_visa' }), 201);
  const [recovered] = await casesOf(site);
  assert.deepEqual([recovered?.state, recovered?.closed_at?.toISOString()], ['recovered', '2026-02-10T09:00:00.000Z']);
  assert.equal((await subscription()).suspended_at, null);
  assert.equal((await payloadsOf(site, 'renewal_recovered')).length, 1);
  await site.runAt('2026-02-10T10:00:00Z', RENEW);
  assert.equal((await payloadsOf(site, 'renewal_recovered')).length, 1);
});

test('a payment of the balance that a job settles closes the case with it', async () => {
  await decline();
  site.moveTo('2026-02-10T09:00:00Z');
  await expectStatus(site.xia('GET', '/api/billing/xia/checkout'), 200);
  await expectStatus(site.xia('POST', '/api/billing/xia/checkout', { processor_token: 'tok_authenticate' }), 402);
  await site.app.db
    .updateTable('test_processor_charges')
    .set({ state: 'done', outcome: 'accepted' })
    .where('state', '<>', 'done')
    .where('amount', '=', 9000)
    .where('created_at', '=', new Date('2026-02-10T09:00:00Z'))
    .execute();
  assert.equal((await casesOf(site))[0]?.closed_at, null);
  await site.runAt('2026-02-10T09:05:00Z', 'finish_orders');
  assert.deepEqual(
    (await casesOf(site)).map(({ state, closed_at }) => [state, closed_at?.toISOString()]),
    [['recovered', '2026-02-10T09:05:00.000Z']],
  );
});

test('an offline payment lets suspended time run on from its instant, without new free uses', async () => {
  await site.close();
  await start({ dunning_access: 'none' });
  await site.app.db
    .insertInto('use_charges')
    .columns(['slug', 'plan_id', 'title', 'created_at', 'quota', 'use_amount'])
    .expression((eb) =>
      eb
        .selectFrom('plans')
        .select([eb.val('calls').as('slug'), 'id', eb.val('Calls').as('title'), 'created_at', eb.lit(10).as('quota')])
        .select(eb.lit(15).as('use_amount'))
        .where('slug', '=', 'basic'),
    )
    .execute();
  const use = () => site.broker('POST', '/api/billing/xia/balance', { plan: 'basic', use: 'calls', quantity: 10 });
  await expectStatus(use(), 200);
  await decline();
  assert.equal((await subscription()).suspended_at?.toISOString(), '2026-02-09T10:00:00.000Z');
  site.moveTo('2026-02-12T10:00:00Z');
  await expectStatus(site.broker('DELETE', '/api/billing/xia/balance?paid=1'), 204);
  const { suspended_at, ends_at, anchor_at } = await subscription();
  // One day of the paid month and the 28 days of the renewal were left on day 0.
  assert.deepEqual([suspended_at, ends_at.toISOString()], [null, '2026-03-13T10:00:00.000Z']);
  assert.deepEqual(anchor_at, ends_at);
  const { expiring_quota } = await site.app.db
    .selectFrom('subscription_uses')
    .select('expiring_quota')
    .executeTakeFirstOrThrow();
  assert.equal(expiring_quota, 0);
  await expectStatus(use(), 201);
});

for (const [title, cancel] of [
  ['cancelled at the end of the period', () => site.xia('POST', `${url}/cancel`, {})],
  ['cancelled by the provider', () => site.broker('POST', `${url}/cancel`, { at: 'now' })],
  ['ended', () => site.xia('DELETE', url)],
] as const)
  test(`the case of a subscription that is ${title} is closed at once, and used time stays due`, async () => {
    await site.app.db.updateTable('plans').set({ cancel_refund: 'unused' }).execute();
    await decline();
    // Within the period that is not paid.
    site.moveTo('2026-02-11T10:00:00Z');
    await expectStatus(cancel(), 200, 204);
    const [closed] = await casesOf(site);
    assert.deepEqual([closed?.state, closed?.closed_at?.toISOString()], ['closed', '2026-02-11T10:00:00.000Z']);
    assert.equal(await dueOf(site.xia, 'xia'), 9000);
    assert.deepEqual(await payloadsOf(site, 'renewal_recovered'), []);
  });

test('the grace goes on from the first failure when a cancellation is taken back', async () => {
  await decline();
  const [first] = await casesOf(site);
  assert.equal(first?.ends_at?.toISOString(), '2026-02-16T10:00:00.000Z');
  for (const day of [11, 13]) {
    site.moveTo(`2026-02-${day}T10:10:00Z`);
    await expectStatus(site.xia('POST', `${url}/cancel`, {}), 200);
    assert.equal((await casesOf(site))[0]?.state, 'closed');
    site.moveTo(`2026-02-${day}T10:20:00Z`);
    await expectStatus(site.xia('DELETE', `${url}/cancel`), 200);
    await site.runAt(`2026-02-${day}T11:00:00Z`, RENEW);
    const [again, ...others] = await casesOf(site);
    assert.deepEqual(others, []);
    const { id, began_at, ends_at, closed_at, attempts_count } = again ?? {};
    assert.deepEqual([id, began_at, ends_at, closed_at], [first.id, first.began_at, first.ends_at, null]);
    assert.equal(attempts_count, day === 11 ? 2 : 3);
  }
  await site.runAt('2026-02-16T10:00:00Z', RENEW);
  assert.equal((await casesOf(site))[0]?.state, 'ended');
  assert.deepEqual(
    (await endings()).map(({ kind, ends_at }) => [kind, ends_at.toISOString()]),
    [['unpaid', '2026-02-16T10:00:00.000Z']],
  );
});

test('a debt that begins after a closed case was paid has a grace of its own', async () => {
  await decline();
  site.moveTo('2026-02-11T10:00:00Z');
  await expectStatus(site.xia('POST', `${url}/cancel`, {}), 200);
  await expectStatus(site.broker('DELETE', '/api/billing/xia/balance?paid=1'), 204);
  await expectStatus(site.xia('DELETE', `${url}/cancel`), 200);
  await site.runAt('2026-03-09T10:00:00Z', RENEW);
  assert.deepEqual(
    (await casesOf(site)).map(({ state, began_at }) => [state, began_at.toISOString()]),
    [
      ['closed', '2026-02-09T10:00:00.000Z'],
      ['retrying', '2026-03-09T10:00:00.000Z'],
    ],
  );
});

test('the case is closed when the renewal that it is about is taken back before its period begins', async () => {
  await decline();
  const { preview_key } = (await expectStatus(site.xia('GET', `${url}/cancel`), 200)).json<{ preview_key: string }>();
  await expectStatus(site.xia('POST', `${url}/cancel`, { preview_key }), 200);
  assert.notEqual((await casesOf(site))[0]?.closed_at, null);
  assert.equal(await dueOf(site.xia, 'xia'), 0);
});

test('DELETE of a subscription records its ending, drops its pause, and earns the rest', async () => {
  site.moveTo('2026-01-20T10:00:00Z');
  await expectStatus(site.xia('POST', `${url}/pause`, {}), 200);
  site.moveTo('2026-01-22T10:00:00Z');
  await expectStatus(site.xia('DELETE', url), 204);
  const { ends_at, auto_renew, paused_at, cancelled_at } = await subscription();
  const at = new Date('2026-01-22T10:00:00Z');
  assert.deepEqual([ends_at, auto_renew, paused_at, cancelled_at], [at, false, null, at]);
  assert.deepEqual(
    (await endings()).map((ending) => [ending.kind, ending.ends_at, ending.created_by !== null]),
    [['cancelled', at, true]],
  );
  assert.deepEqual(await site.app.db.selectFrom('pauses').select('state').execute(), [{ state: 'ended' }]);
  await site.runAt('2026-03-20T10:00:00Z', 'recognise_income');
  assert.equal(await balancesOf(site, 'cowork', 'xia'), 'cowork Expenses 291 Funds 8709 Income -9000');
});

test('DELETE by the provider is recorded as an ending by the provider; a declined invitation has none', async () => {
  await site.plan('pro');
  await expectStatus(site.broker('DELETE', '/api/profile/cowork/plans/basic/subscriptions/xia'), 204);
  assert.deepEqual(
    (await endings()).map(({ kind }) => kind),
    ['by_provider'],
  );
});
