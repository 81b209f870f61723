import assert from 'node:assert/strict';
import { type ChangeSite, dueOf, eventsPostedBy, expectStatus } from '../../support/changes.ts';
import { attemptsOf, setCardOutcome } from '../../support/dunning.ts';
import { change, expectExample, vector } from './change-vector.ts';

// Trials: examples V32 and V33 of spec changes.md §12, over HTTP.

const JOB = 'convert_trials';
const DUNNING = 'renew_subscriptions';
const END = '2026-01-24T10:00:00Z';
const BEFORE_END = '2026-01-24T09:59:59Z';
const ORDER_9000 = '`sub_1/` cowork:Receivable→xia:Payable 9000';

async function subscriptionOf({ app }: ChangeSite) {
  return app.db.selectFrom('subscriptions').selectAll().orderBy('id', 'desc').executeTakeFirstOrThrow();
}

async function eventsNamed({ app }: ChangeSite, name: string) {
  const rows = await app.db.selectFrom('outbox_events').select('payload').where('name', '=', name).execute();
  return rows.map(({ payload }) => payload as Record<string, unknown>); // of an event
}

async function endingOf({ app }: ChangeSite) {
  return app.db.selectFrom('subscription_endings').select(['kind', 'ends_at']).executeTakeFirst();
}

/** True if xia may use the plan at the instant of the clock. */
async function hasAccess(site: ChangeSite): Promise<boolean> {
  const { ends_at, suspended_at } = await subscriptionOf(site);
  return ends_at > site.app.clock.now() && suspended_at === null;
}

const basicTrial = (site: ChangeSite, requires_card: boolean) =>
  site.plan('basic', { trial_days: 14, trial_requires_card: requires_card });

vector('V32 trial with card, coupon, conversion', async (site) => {
  await basicTrial(site, true);
  const coupon = await site.coupon({ discount_value: 5000, nb_attempts: 3 });
  const started = await eventsPostedBy(site, () => site.buy(site.xia, 'xia', 'basic', { coupon: coupon.code }));
  assert.deepEqual(started, ['`sub_1/` cowork:Receivable→xia:Payable 0']);
  const attempts = async () =>
    (await site.app.db.selectFrom('coupons').select('nb_attempts').executeTakeFirstOrThrow()).nb_attempts;
  assert.equal(await attempts(), 2, 'the attempt is taken at the start');
  assert.equal(
    await site.app.db.selectFrom('documents').select('id').executeTakeFirst(),
    undefined,
    'no invoice number',
  );
  // The coupon expires and the plan becomes dearer during the trial: what was promised counts.
  await site.app.db
    .updateTable('coupons')
    .set({ ends_at: new Date('2026-01-11T10:00:00Z') })
    .execute();
  await site.app.db.updateTable('plans').set({ period_amount: 12_000 }).where('slug', '=', 'basic').execute();

  await site.runAt('2026-01-17T09:59:59Z', JOB);
  assert.deepEqual(await eventsNamed(site, 'trial_ends_soon'), []);
  await site.runAt('2026-01-17T10:00:00Z', JOB);
  await site.runAt('2026-01-17T10:01:00Z', JOB);
  const [reminder, ...others] = await eventsNamed(site, 'trial_ends_soon');
  assert.deepEqual(others, [], 'one reminder per trial');
  assert.deepEqual(
    [reminder?.['ends_at'], reminder?.['amount'], reminder?.['unit'], reminder?.['has_card']],
    [new Date(END).toISOString(), 4500, 'usd', true],
  );
  // Renewals leave a trial alone.
  assert.deepEqual(await eventsPostedBy(site, () => site.runAt(BEFORE_END, DUNNING, JOB)), []);

  await expectExample(site, 'V32', async () => {
    await site.runAt(END, JOB, JOB);
    await site.runAt('2026-01-24T11:00:00Z', JOB, DUNNING);
    await site.runAt('2026-02-22T10:00:00Z', DUNNING);
    await site.runAt('2026-02-24T10:00:00Z', 'recognise_income');
  });
});

vector('V32 cancelling a trial before its end costs nothing', async (site) => {
  await basicTrial(site, true);
  await site.buy(site.xia, 'xia', 'basic');
  site.moveTo(BEFORE_END);
  const url = '/api/profile/xia/subscriptions/basic/cancel';
  const cancelled = await expectStatus(site.xia('POST', url, {}), 200);
  assert.equal(cancelled.json<{ ends_at: string }>().ends_at, new Date(END).toISOString());
  assert.equal(await hasAccess(site), true, 'access to the end');
  assert.deepEqual(await eventsPostedBy(site, () => site.runAt(END, JOB, DUNNING)), []);
  assert.equal(await dueOf(site.xia, 'xia'), 0);
  assert.equal((await endingOf(site))?.kind, 'cancelled');
  assert.deepEqual(await eventsNamed(site, 'trial_ended'), []);

  // A second checkout of basic later: price 9000, no trial.
  site.moveTo('2026-03-01T10:00:00Z');
  const again = await eventsPostedBy(site, () => site.buy(site.xia, 'xia', 'basic'));
  assert.equal(again[0]?.startsWith('`sub_2/` cowork:Receivable→xia:Payable 9000'), true, again.join('\n'));
  assert.equal((await subscriptionOf(site)).trial_ends_at, null);
});

vector('V33 trial without card', async (site) => {
  await basicTrial(site, false);
  await site.buy(site.xia, 'xia', 'basic', { token: null });
  assert.deepEqual(await eventsPostedBy(site, () => site.runAt(END, JOB, JOB, DUNNING)), []);
  const { ends_at, auto_renew } = await subscriptionOf(site);
  assert.deepEqual([ends_at, auto_renew], [new Date(END), false]);
  assert.deepEqual(await endingOf(site), { kind: 'trial', ends_at: new Date(END) });
  assert.equal(await dueOf(site.xia, 'xia'), 0);
  const ended = await eventsNamed(site, 'trial_ended');
  assert.deepEqual(
    ended.map((event) => event['ends_at']),
    [new Date(END).toISOString()],
    'one notice',
  );
});

vector('V33 trial without card: a card added during the trial is charged at its end', async (site) => {
  await basicTrial(site, false);
  await site.buy(site.xia, 'xia', 'basic', { token: null });
  site.moveTo('2026-01-20T10:00:00Z');
  await expectStatus(site.xia('PUT', '/api/billing/xia/card', { token: 'tok_visa' }), 200);
  const posted = await eventsPostedBy(site, () => site.runAt(END, JOB));
  assert.deepEqual(posted, [
    ORDER_9000,
    '`cha_1/` xia:Liability→stripe:Funds 9000 · `sub_1/` xia:Payable→xia:Liability 9000 · `cha_1/` stripe:Backlog→cowork:Expenses 291 · `sub_1/` cowork:Backlog→cowork:Receivable 9000 · `cha_1/` stripe:Funds→cowork:Funds 8709',
  ]);
  const { ends_at, anchor_at } = await subscriptionOf(site);
  assert.deepEqual([ends_at, anchor_at], [new Date('2026-02-24T10:00:00Z'), new Date(END)]);
});

/** Begins a trial whose card is declined at the end. */
async function declinedTrial(site: ChangeSite) {
  await basicTrial(site, true);
  await site.buy(site.xia, 'xia', 'basic');
  await setCardOutcome(site, 'insufficient_funds');
  const posted = await eventsPostedBy(site, () => site.runAt(END, JOB));
  assert.deepEqual(posted, [ORDER_9000]);
  assert.equal(await hasAccess(site), false, 'nothing was ever paid');
}

vector('V33 card declined at the end of the trial, never paid', async (site) => {
  await declinedTrial(site);
  const posted = await eventsPostedBy(site, async () => {
    for (const day of ['25', '26', '27', '28', '30', '31'])
      await site.runAt(`2026-01-${day}T10:00:00Z`, DUNNING, JOB, 'recognise_income');
  });
  assert.deepEqual(posted, ['`sub_1/` xia:Payable→cowork:Receivable 9000']);
  assert.deepEqual(await attemptsOf(site), [
    'renewal soft 01-24T10:00',
    'schedule soft 01-25T10:00',
    'schedule soft 01-27T10:00',
  ]);
  assert.equal(await dueOf(site.xia, 'xia'), 0);
  assert.deepEqual(await endingOf(site), { kind: 'unpaid', ends_at: new Date('2026-01-31T10:00:00Z') });
  const [state] = await site.app.db.selectFrom('dunning_cases').select('state').execute();
  assert.equal(state?.state, 'ended');
});

vector('V33 card declined at the end of the trial, paid later', async (site) => {
  await declinedTrial(site);
  await site.runAt('2026-01-25T10:00:00Z', DUNNING);
  site.moveTo('2026-01-27T10:00:00Z');
  await expectStatus(site.xia('PUT', '/api/billing/xia/card', { token: 'tok_visa' }), 200);
  await site.runAt('2026-01-27T10:00:00Z', DUNNING);
  const { ends_at, anchor_at, suspended_at } = await subscriptionOf(site);
  const paid_to = new Date('2026-02-27T10:00:00Z');
  assert.deepEqual([ends_at, anchor_at, suspended_at], [paid_to, paid_to, null]);
  const coverages = await site.app.db
    .selectFrom('coverages')
    .select(['starts_at', 'ends_at', 'amount'])
    .where('amount', '>', 0)
    .execute();
  assert.deepEqual(coverages, [{ starts_at: new Date('2026-01-27T10:00:00Z'), ends_at: paid_to, amount: 9000 }]);
  assert.equal(await dueOf(site.xia, 'xia'), 0);
});

vector('a trial that goes on with another plan is converted at the price of that plan', async (site) => {
  await basicTrial(site, true);
  await site.plan('pro', { trial_days: 7, setup_amount: 2000 });
  await site.buy(site.xia, 'xia', 'basic');
  site.moveTo('2026-01-12T10:00:00Z');
  await change(site.xia, 'basic', { to: 'pro' });
  const posted = await eventsPostedBy(site, () => site.runAt('2026-01-19T10:00:00Z', JOB));
  assert.equal(posted[0], '`sub_2/` cowork:Receivable→xia:Payable 24900 · cowork:Receivable→xia:Payable 2000');
  assert.equal(posted.length, 2);
  assert.equal((await subscriptionOf(site)).ends_at.toISOString(), '2026-02-19T10:00:00.000Z');
});

vector('uses over the quota of a trial are refused without a card, and counted with one', async (site) => {
  const use_charges = [{ slug: 'requests', quota: 2, use_amount: 15 }];
  await site.plan('basic', { trial_days: 14, trial_requires_card: false, use_charges });
  await site.buy(site.xia, 'xia', 'basic', { token: null });
  const use = (quantity: number) =>
    site.broker('POST', '/api/billing/xia/balance', { plan: 'basic', use: 'requests', quantity });
  await expectStatus(use(2), 200, 201);
  const refused = await expectStatus(use(1), 402);
  assert.equal(refused.json<{ code: string }>().code, 'quota_reached');
  assert.equal(await dueOf(site.xia, 'xia'), 0);
  await expectStatus(site.xia('PUT', '/api/billing/xia/card', { token: 'tok_visa' }), 200);
  await expectStatus(use(1), 201);
  assert.equal(await dueOf(site.xia, 'xia'), 15);
});

vector('a card begins one trial of a plan, for all profiles that use it', async (site) => {
  await basicTrial(site, true);
  await site.buy(site.xia, 'xia', 'basic');
  const zoe = await site.register('zoe');
  await expectStatus(zoe('POST', '/api/cart', { plan: 'basic' }), 200, 201);
  const posted = await eventsPostedBy(site, async () => {
    const body = { processor_token: 'tok_visa', remember_card: true };
    const refused = await expectStatus(zoe('POST', '/api/billing/zoe/checkout', body), 409);
    assert.equal(refused.json<{ code: string }>().code, 'trial_used');
  });
  assert.deepEqual(posted, []);
});

vector('a trial that ended more than the days of a lapse ago ends without an order', async (site) => {
  await basicTrial(site, true);
  await site.buy(site.xia, 'xia', 'basic');
  const posted = await eventsPostedBy(site, () => site.runAt('2026-01-31T10:00:01Z', JOB, DUNNING));
  assert.deepEqual(posted, []);
  assert.deepEqual(await endingOf(site), { kind: 'trial', ends_at: new Date(END) });
  assert.equal((await eventsNamed(site, 'trial_ended')).length, 1);
});
