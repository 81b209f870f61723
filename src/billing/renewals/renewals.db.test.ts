import assert from 'node:assert/strict';
import { after, afterEach, beforeEach, test } from 'node:test';
import { verifyLedger } from '#ledger';
import { type ChangeSite, dueOf, eventsPostedBy, expectStatus, startChanges } from '../../../test/support/changes.ts';

/** Longer than the tests move the clock. */
const token_lifetime_s = 7_776_000;
const JOB = 'renew_subscriptions';
const CHARGE_9000 =
  '`cha_2/` xia:Liability→stripe:Funds 9000 · `sub_1/` xia:Payable→xia:Liability 9000 · `cha_2/` stripe:Backlog→cowork:Expenses 291 · `sub_1/` cowork:Backlog→cowork:Receivable 9000 · `cha_2/` stripe:Funds→cowork:Funds 8709';

let site: ChangeSite;
beforeEach(async () => {
  site = await startChanges({ config: { token_lifetime_s } });
});
afterEach(async () => {
  assert.deepEqual((await verifyLedger(site.app.db)).violations, []);
  await site.close();
});
after(() => site.close().catch(() => {}));

async function renewalsOf(plan: string) {
  return site.app.db
    .selectFrom('order_lines')
    .innerJoin('plans', 'plans.id', 'order_lines.plan_id')
    .selectAll('order_lines')
    .where('plans.slug', '=', plan)
    .where('order_lines.renews_from', 'is not', null)
    .orderBy('order_lines.id')
    .execute();
}

async function subscriptionTo(plan: string) {
  return site.app.db
    .selectFrom('subscriptions')
    .innerJoin('plans', 'plans.id', 'subscriptions.plan_id')
    .selectAll('subscriptions')
    .where('plans.slug', '=', plan)
    .executeTakeFirstOrThrow();
}

const change = (set: Record<string, unknown>) => site.app.db.updateTable('subscriptions').set(set).execute();

test('a monthly subscription is renewed and charged 24 hours before its end, once', async () => {
  await site.plan('basic');
  await site.buy(site.xia, 'xia', 'basic');
  await site.runAt('2026-02-09T09:00:00Z', JOB);
  assert.deepEqual(await renewalsOf('basic'), []);
  const posted = await eventsPostedBy(site, async () => {
    await site.runAt('2026-02-09T10:00:00Z', JOB);
    await site.runAt('2026-02-09T11:00:00Z', JOB);
  });
  assert.deepEqual(posted, ['`sub_1/` cowork:Receivable→xia:Payable 9000', CHARGE_9000]);
  const [renewal] = await renewalsOf('basic');
  assert.equal(renewal?.description, 'Subscription to basic until 2026/03/10 (1 month)');
  assert.equal(renewal.covers_from?.toISOString(), '2026-02-10T10:00:00.000Z');
  assert.equal(renewal.covers_to?.toISOString(), '2026-03-10T10:00:00.000Z');
  assert.equal((await subscriptionTo('basic')).ends_at.toISOString(), '2026-03-10T10:00:00.000Z');
  assert.equal(await dueOf(site.xia, 'xia'), 0);
  const at = new Date('2026-02-09T10:00:00Z');
  const invoices = await site.app.db.selectFrom('documents').select('amount').where('created_at', '=', at).execute();
  assert.deepEqual(invoices, [{ amount: 9000 }]);
  const coverages = await site.app.db
    .selectFrom('coverages')
    .select(['amount', 'starts_at'])
    .orderBy('starts_at')
    .execute();
  assert.deepEqual(coverages.at(-1), { amount: 9000, starts_at: new Date('2026-02-10T10:00:00Z') });
  // The receipt announces the charge; no order is confirmed.
  const names = await site.app.db.selectFrom('outbox_events').select('name').where('created_at', '=', at).execute();
  assert.ok(names.every(({ name }) => name !== 'order_executed'));
  assert.ok(names.some(({ name }) => name === 'charge_updated'));
});

test('the renewal of an organization names it in the text', async () => {
  await site.plan('basic');
  const call = site.xia;
  await expectStatus(call('POST', '/api/users/xia/profiles', { full_name: 'Acme Inc', slug: 'acme' }), 201);
  await site.buy(call, 'acme', 'basic');
  await site.runAt('2026-02-09T10:00:00Z', JOB);
  const [renewal] = await renewalsOf('basic');
  assert.equal(renewal?.description, 'Subscription to basic until 2026/03/10 (1 month) - Acme Inc');
});

test('a subscription that lapsed while no worker ran is renewed from its end, within the days of the setting', async () => {
  await site.plan('basic');
  await site.buy(site.xia, 'xia', 'basic');
  await site.runAt('2026-02-14T10:00:00Z', JOB);
  const [renewal] = await renewalsOf('basic');
  assert.equal(renewal?.renews_from?.toISOString(), '2026-02-10T10:00:00.000Z');
  await site.runAt('2026-03-17T10:00:01Z', JOB);
  assert.equal((await renewalsOf('basic')).length, 1);
});

for (const [name, set] of [
  ['cancelled', { auto_renew: false }],
  ['paused', { paused_at: new Date('2026-02-01'), resumes_at: new Date('2026-03-01') }],
  ['suspended', { suspended_at: new Date('2026-02-01') }],
  ['in a trial', { trial_ends_at: new Date('2026-02-10T10:00:00Z') }],
] as const)
  test(`a subscription that is ${name} is not renewed`, async () => {
    await site.plan('basic');
    await site.buy(site.xia, 'xia', 'basic');
    await change(set);
    await site.runAt('2026-02-10T09:00:00Z', JOB);
    assert.deepEqual(await renewalsOf('basic'), []);
  });

test('a subscription to a one-time plan is not renewed', async () => {
  await site.plan('basic', { renewal_type: 'one-time' });
  await site.buy(site.xia, 'xia', 'basic');
  await change({ auto_renew: true });
  await site.runAt('2026-02-10T09:00:00Z', JOB);
  assert.deepEqual(await renewalsOf('basic'), []);
});

test('the price is that of today times the quantity', async () => {
  await site.plan('team', { quantity_max: 100 });
  await site.buy(site.xia, 'xia', 'team');
  await change({ quantity: 5 });
  await site.app.db.updateTable('plans').set({ period_amount: 1200 }).execute();
  await site.runAt('2026-02-09T10:00:00Z', JOB);
  const [renewal] = await renewalsOf('team');
  assert.deepEqual([renewal?.amount, renewal?.quantity, renewal?.recurring_amount], [6000, 5, 6000]);
});

test('a quantity that a higher price makes too expensive is not renewed: its payer is parked with the reason', async () => {
  await site.plan('team', { quantity_max: 1_000_000 });
  await site.buy(site.xia, 'xia', 'team');
  await change({ quantity: 1_000_000 });
  // 10^17: above the integers that are exact, and above what the ledger accepts.
  await site.app.db.updateTable('plans').set({ period_amount: 100_000_000_000 }).execute();
  await site.runAt('2026-02-09T10:00:00Z', JOB);
  assert.deepEqual(await renewalsOf('team'), []);
  const parked = () => site.app.db.selectFrom('parked_profiles').select(['job', 'reason', 'attempts_count']).execute();
  const reason =
    'The price of 1000000 units of team for xia is too high to be ordered. Lower the price or the quantity, then retry.';
  assert.deepEqual(await parked(), [{ job: JOB, reason, attempts_count: 1 }]);
  await site.runAt('2026-02-09T11:00:00Z', JOB);
  assert.equal((await parked())[0]?.attempts_count, 1, 'a parked payer is left alone');
  await site.app.db.updateTable('plans').set({ period_amount: 1 }).execute();
  const list = await expectStatus(site.broker('GET', '/api/jobs/parked'), 200);
  assert.match(list.text, /too high to be ordered/);
  await site.app.db.updateTable('parked_profiles').set({ released_at: site.app.clock.now() }).execute();
  await site.runAt('2026-02-09T12:00:00Z', JOB);
  assert.deepEqual(
    (await renewalsOf('team')).map(({ amount }) => amount),
    [1_000_000],
  );
});

test('two subscriptions to one provider make one order and one charge', async () => {
  await site.plan('basic');
  await site.plan('lite');
  await site.buy(site.xia, 'xia', 'basic');
  await site.buy(site.xia, 'xia', 'lite');
  const posted = await eventsPostedBy(site, () => site.runAt('2026-02-09T10:00:00Z', JOB));
  assert.deepEqual(
    posted.map((text) => text.split(' · ')[0]),
    ['`sub_1/` cowork:Receivable→xia:Payable 9000', '`cha_3/` xia:Liability→stripe:Funds 11000'],
  );
});

test('what was due before is charged with the renewal, the oldest order first', async () => {
  await site.plan('basic');
  await site.buy(site.xia, 'xia', 'basic');
  const subscription = await subscriptionTo('basic');
  await owe(subscription.id, 30);
  const posted = await eventsPostedBy(site, () => site.runAt('2026-02-09T10:00:00Z', JOB));
  assert.equal(
    posted[1]?.split(' · ').slice(0, 3).join(' · '),
    '`cha_2/` xia:Liability→stripe:Funds 9030 · `sub_1/` xia:Payable→xia:Liability 30 · `cha_2/` stripe:Backlog→cowork:Expenses 1',
  );
});

/** Orders an amount of a subscription that is not paid. */
async function owe(subscription_id: number, amount: number): Promise<void> {
  const { postEvent, accounts, moveAmount } = await import('#ledger');
  const { inTransaction } = await import('#platform/db/database');
  const profiles = await site.app.db.selectFrom('profiles').select(['id', 'slug']).execute();
  const idOf = (slug: string) => profiles.find((each) => each.slug === slug)?.id;
  const [from, to] = [idOf('cowork'), idOf('xia')];
  assert.ok(from && to);
  await inTransaction(site.app.db, (tx) =>
    postEvent(tx, {
      key: `test:${subscription_id}:${amount}`,
      kind: 'order',
      at: site.app.clock.now(),
      entries: [
        moveAmount({
          from: { profile_id: from, account: accounts.receivable },
          to: { profile_id: to, account: accounts.payable },
          amount,
          unit: 'usd',
          subject: { kind: 'sub', id: String(subscription_id), part: '' },
          description: 'Rest of an order',
        }),
      ],
    }),
  );
}

test('two nodes that run at the same time renew and charge once', async () => {
  await site.plan('basic');
  const buyers = ['ann', 'ben', 'cat', 'dan'];
  for (const name of buyers) await site.buy(await site.register(name), name, 'basic');
  site.moveTo('2026-02-09T10:00:00Z');
  await Promise.all([1, 2, 3].map(() => site.runAt('2026-02-09T10:00:00Z', JOB)));
  assert.equal((await renewalsOf('basic')).length, 4);
  const charges = await site.app.db.selectFrom('test_processor_charges').select('amount').execute();
  assert.equal(charges.length, 8);
  for (const name of buyers) {
    const { id } = await site.app.db
      .selectFrom('profiles')
      .select('id')
      .where('slug', '=', name)
      .executeTakeFirstOrThrow();
    const { amount } = await site.app.db
      .selectFrom('charges')
      .select((eb) => eb.fn.sum<number>('amount').as('amount'))
      .where('profile_id', '=', id)
      .where('state', '=', 'done')
      .executeTakeFirstOrThrow();
    assert.equal(Number(amount), 18_000);
  }
});
