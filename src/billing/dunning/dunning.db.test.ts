import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { verifyLedger } from '#ledger';
import {
  balancesOf,
  type ChangeSite,
  dueOf,
  eventsPostedBy,
  expectStatus,
  startChanges,
} from '../../../test/support/changes.ts';
import {
  attemptsOf,
  casesOf,
  payloadsOf,
  RENEW,
  runHours,
  setCardOutcome,
  token_lifetime_s,
} from '../../../test/support/dunning.ts';
import { runJob } from '../../../test/support/run-job.ts';

let site: ChangeSite;
beforeEach(async () => {
  site = await startChanges({ config: { token_lifetime_s } });
  await site.plan('basic');
  await site.buy(site.xia, 'xia', 'basic');
});
afterEach(async () => {
  const { violations } = await verifyLedger(site.app.db);
  await site.close();
  assert.deepEqual(violations, []);
});

const DAY_0 = '2026-02-09T10:00:00Z';
const recognise = (instant: string) => site.runAt(instant, 'recognise_income');

async function subscription() {
  return site.app.db.selectFrom('subscriptions').selectAll().executeTakeFirstOrThrow();
}

test('V38 dunning to the end: three attempts, then the end with a credit note over the unused time', async () => {
  await recognise('2026-02-09T09:59:00Z');
  await setCardOutcome(site, 'insufficient_funds');
  assert.deepEqual(await eventsPostedBy(site, () => site.runAt(DAY_0, RENEW)), [
    '`sub_1/` cowork:Receivable→xia:Payable 9000',
  ]);
  await site.runAt('2026-02-10T10:00:00Z', 'recognise_income', RENEW);
  await runHours(site, '2026-02-10T11:00:00Z', '2026-02-16T09:00:00Z', 1);
  assert.deepEqual(await attemptsOf(site), [
    'renewal soft 02-09T10:00',
    'schedule soft 02-10T10:00',
    'schedule soft 02-12T10:00',
  ]);
  const failed = await payloadsOf(site, 'renewal_charge_failed');
  assert.deepEqual(
    failed.map(({ attempt, final_notice, next_attempt_at }) => [attempt, final_notice, next_attempt_at]),
    [
      [1, false, '2026-02-10T10:00:00.000Z'],
      [2, false, '2026-02-12T10:00:00.000Z'],
      [3, true, null],
    ],
  );
  const [waiting] = await casesOf(site);
  assert.deepEqual([waiting?.state, waiting?.ends_at?.toISOString()], ['waiting', '2026-02-16T10:00:00.000Z']);
  assert.deepEqual(await eventsPostedBy(site, () => site.runAt('2026-02-16T10:00:00Z', RENEW)), [
    '`sub_1/` cowork:Income→cowork:Receivable 1928 · xia:Payable→cowork:Receivable 7072',
  ]);
  const [ended] = await casesOf(site);
  assert.equal(ended?.state, 'ended');
  const { ends_at, auto_renew } = await subscription();
  assert.deepEqual([ends_at.toISOString(), auto_renew], ['2026-02-16T10:00:00.000Z', false]);
  assert.equal(await dueOf(site.xia, 'xia'), 1928);
  const endings = await site.app.db.selectFrom('subscription_endings').select('kind').execute();
  assert.deepEqual(endings, [{ kind: 'unpaid' }]);
  const notes = await site.app.db
    .selectFrom('documents')
    .select(['series', 'amount'])
    .where('series', '<>', 'invoice')
    .execute();
  assert.deepEqual(
    notes.map(({ amount }) => amount),
    [7072],
  );
  assert.equal((await payloadsOf(site, 'subscription_ended_unpaid')).length, 1);
  const again = await eventsPostedBy(site, () => runHours(site, '2026-02-16T11:00:00Z', '2026-02-16T13:00:00Z'));
  assert.deepEqual(again, []);
  assert.equal(
    await balancesOf(site, 'cowork', 'xia'),
    'cowork Expenses 291 Funds 8709 Income -10928 · xia Payable 1928',
  );
});

test('V38 with used_part written_off, nothing stays due', async () => {
  await site.app.db
    .insertInto('dunning_terms')
    .columns(['provider_id', 'used_part', 'updated_at'])
    .expression((eb) =>
      eb
        .selectFrom('profiles')
        .select(['id', eb.val('written_off').as('used_part'), eb.val(site.app.clock.now()).as('updated_at')])
        .where('slug', '=', 'cowork'),
    )
    .execute();
  await setCardOutcome(site, 'lost_card');
  await site.runAt(DAY_0, RENEW);
  await site.runAt('2026-02-10T10:00:00Z', 'recognise_income', RENEW);
  const posted = await eventsPostedBy(site, () => site.runAt('2026-02-16T10:00:00Z', RENEW));
  assert.deepEqual(posted, [
    '`sub_1/` cowork:Income→cowork:Receivable 1928 · xia:Payable→cowork:Receivable 7072',
    '`sub_1/` xia:Payable→xia:Liability 1928 · xia:Liability→cowork:Writeoff 1928 · cowork:Receivable→xia:Canceled 1928',
  ]);
  assert.equal(await dueOf(site.xia, 'xia'), 0);
});

test('V39 with end keep, a late payment moves the income of the unpaid time back from Receivable', async () => {
  await site.close();
  site = await startChanges({ config: { token_lifetime_s, dunning_end: 'keep' } });
  await site.plan('basic');
  await site.buy(site.xia, 'xia', 'basic');
  await setCardOutcome(site, 'lost_card');
  await site.runAt(DAY_0, RENEW);
  await site.runAt('2026-02-10T10:00:00Z', 'recognise_income', RENEW);
  assert.equal((await casesOf(site))[0]?.ends_at, null);
  await site.app.db.updateTable('subscriptions').set({ auto_renew: false }).execute();
  await site.runAt('2026-03-10T10:00:00Z', 'recognise_income');
  site.moveTo('2026-03-15T10:00:00Z');
  await site.app.db.updateTable('subscriptions').set({ auto_renew: true }).execute();
  await expectStatus(site.xia('PUT', '/api/billing/xia/card', { token: 'tok_visa' }), 200);
  const posted = await eventsPostedBy(site, () => site.app.tollgate.worker.drain());
  assert.deepEqual(posted, [
    '`cha_2/` xia:Liability→stripe:Funds 9000 · `sub_1/` xia:Payable→xia:Liability 9000 · `cha_2/` stripe:Backlog→cowork:Expenses 291 · `sub_1/` cowork:Backlog→cowork:Receivable 9000 · cowork:Receivable→cowork:Backlog 9000 · `cha_2/` stripe:Funds→cowork:Funds 8709',
  ]);
  assert.deepEqual(
    (await casesOf(site)).map(({ state }) => state),
    ['recovered'],
  );
});

test('V39 a new card is charged at once, outside of the schedule', async () => {
  await setCardOutcome(site, 'insufficient_funds');
  await site.runAt(DAY_0, RENEW);
  site.moveTo('2026-02-11T15:00:00Z');
  await expectStatus(site.xia('PUT', '/api/billing/xia/card', { token: 'tok_visa' }), 200);
  await site.app.tollgate.worker.drain();
  // A row that failed waits for its retry, and the drain ends without it: its error names the cause.
  const failed = site.app.db.selectFrom('outbox_events').select(['name', 'last_error']);
  assert.deepEqual(await failed.where('last_error', 'is not', null).execute(), []);
  assert.deepEqual(await attemptsOf(site), ['renewal soft 02-09T10:00', 'card paid 02-11T15:00']);
  const [recovered] = await casesOf(site);
  assert.deepEqual([recovered?.state, recovered?.closed_at?.toISOString()], ['recovered', '2026-02-11T15:00:00.000Z']);
  assert.equal((await payloadsOf(site, 'renewal_recovered')).length, 1);
  const { ends_at, auto_renew } = await subscription();
  assert.deepEqual([ends_at.toISOString(), auto_renew], ['2026-03-10T10:00:00.000Z', true]);
});

test('V40 a lost card stops the attempts; a new card is tried, and its soft decline follows the schedule', async () => {
  await setCardOutcome(site, 'lost_card');
  await site.runAt(DAY_0, RENEW);
  await runHours(site, '2026-02-10T10:00:00Z', '2026-02-11T14:00:00Z', 2);
  const [first] = await payloadsOf(site, 'renewal_charge_failed');
  assert.deepEqual([first?.['kind'], first?.['final_notice']], ['hard', true]);
  assert.deepEqual(await attemptsOf(site), ['renewal hard 02-09T10:00']);
  assert.equal((await casesOf(site))[0]?.state, 'waiting');
  site.moveTo('2026-02-11T15:00:00Z');
  await expectStatus(site.xia('PUT', '/api/billing/xia/card', { token: 'tok_visa' }), 200);
  await setCardOutcome(site, 'insufficient_funds');
  await site.app.tollgate.worker.drain();
  const [retrying] = await casesOf(site);
  assert.deepEqual(
    [retrying?.state, retrying?.next_attempt_at?.toISOString()],
    ['retrying', '2026-02-12T10:00:00.000Z'],
  );
  assert.deepEqual(await attemptsOf(site), ['renewal hard 02-09T10:00', 'card soft 02-11T15:00']);
});

test('V40 authentication required: a mail with a link, and no automatic attempt', async () => {
  await setCardOutcome(site, 'action_required');
  await site.runAt(DAY_0, RENEW);
  await runHours(site, '2026-02-10T10:00:00Z', '2026-02-12T10:00:00Z', 6);
  assert.deepEqual(await attemptsOf(site), ['renewal action 02-09T10:00']);
  assert.equal((await payloadsOf(site, 'payment_action_required')).length, 1);
  assert.equal((await payloadsOf(site, 'renewal_charge_failed')).length, 0);
  // Nothing waits for a confirmation of the payment that was ended.
  const open = await site.app.db
    .selectFrom('charge_attempts')
    .select('id')
    .where('state', 'in', ['reserved', 'awaiting_action'])
    .execute();
  assert.deepEqual(open, []);
});

test('V40 a processor that is down is called again after 1, 6 and 24 hours, and none counts', async () => {
  await setCardOutcome(site, 'unreachable');
  const tried: string[] = [];
  let seen = 0;
  for (let hour = 0; hour <= 25; hour += 1) {
    const at = new Date(new Date(DAY_0).getTime() + hour * 3_600_000);
    await site.runAt(at.toISOString(), RENEW);
    const charges = await site.app.db.selectFrom('renewal_charges').selectAll().execute();
    if (charges.length > seen) tried.push(at.toISOString().slice(5, 16));
    seen = charges.length;
    site.moveTo(new Date(at.getTime() + 600_000).toISOString());
    await runJob(site.app.tollgate, 'finish_orders');
  }
  assert.deepEqual(tried, ['02-09T10:00', '02-09T11:00', '02-09T16:00', '02-10T10:00']);
  assert.deepEqual(await casesOf(site), []);
  assert.equal((await payloadsOf(site, 'processor_setup_error')).length, 1);
  await setCardOutcome(site, 'insufficient_funds');
  await site.runAt('2026-02-11T10:00:00Z', RENEW);
  assert.equal((await casesOf(site))[0]?.began_at.toISOString(), '2026-02-11T10:00:00.000Z');
});

for (const isConfirmed of [false, true]) {
  test(`S48 a new card ends a payment of the balance that waits for the bank${isConfirmed ? ', unless the bank confirmed it' : ''}`, async () => {
    await setCardOutcome(site, 'action_required');
    await site.runAt(DAY_0, RENEW);
    site.moveTo('2026-02-09T12:00:00Z');
    await site.xia('GET', '/api/billing/xia/checkout');
    const waiting = { processor_token: 'tok_authenticate', remember_card: false };
    await expectStatus(site.xia('POST', '/api/billing/xia/checkout', waiting), 402);
    if (isConfirmed)
      await site.app.db
        .updateTable('test_processor_charges')
        .set({ state: 'done', outcome: 'accepted' })
        .where('idempotency_key', 'in', (eb) =>
          eb.selectFrom('charge_attempts').select('key').where('state', '=', 'awaiting_action'),
        )
        .execute();
    await expectStatus(site.xia('PUT', '/api/billing/xia/card', { token: 'tok_visa' }), 200);
    await site.app.tollgate.worker.drain();
    // A run that failed is repeated later than this test looks: its error is the cause.
    const failed = site.app.db.selectFrom('outbox_events').select(['name', 'last_error']);
    assert.deepEqual(await failed.where('last_error', 'is not', null).execute(), []);
    await site.runAt('2026-02-09T12:45:00Z', 'finish_orders');
    const attempts = await attemptsOf(site);
    assert.deepEqual(attempts, ['renewal action 02-09T10:00', ...(isConfirmed ? [] : ['card paid 02-09T12:00'])]);
    assert.equal((await casesOf(site))[0]?.state, 'recovered');
    const charges = await site.app.db.selectFrom('charges').select('amount').execute();
    assert.deepEqual(charges, [{ amount: 9000 }, { amount: 9000 }]);
    assert.equal(await dueOf(site.xia, 'xia'), 0);
    const open = await site.app.db
      .selectFrom('charge_attempts')
      .select('id')
      .where('state', 'in', ['reserved', 'awaiting_action'])
      .execute();
    assert.deepEqual(open, []);
  });
}

test('V40 a manual retry is possible once an hour, and not while a payment is open', async () => {
  const retry = (body: object | null = null) => site.xia('POST', '/api/billing/xia/dunning/retry', body ?? {});
  assert.equal((await expectStatus(retry(), 404)).json()['code'], 'dunning_unknown');
  await setCardOutcome(site, 'insufficient_funds');
  await site.runAt(DAY_0, RENEW);
  site.moveTo('2026-02-09T12:00:00Z');
  assert.equal((await expectStatus(retry(), 400)).json()['code'], 'card_declined');
  site.moveTo('2026-02-09T12:59:59Z');
  const limited = await expectStatus(retry(), 429);
  assert.equal(limited.json()['code'], 'dunning_retried');
  assert.equal(limited.headers['retry-after'], '1');
  site.moveTo('2026-02-09T13:00:00Z');
  await setCardOutcome(site, 'pending');
  const pending = await expectStatus(retry(), 200);
  assert.equal(pending.json()['state'], 'created');
  site.moveTo('2026-02-09T15:00:00Z');
  assert.equal((await expectStatus(retry(), 409)).json()['code'], 'charge_pending');
  await site.runAt('2026-02-10T10:00:00Z', RENEW);
  assert.deepEqual(await attemptsOf(site), ['renewal soft 02-09T10:00', 'manual soft 02-09T12:00']);
});

test('V40 a manual retry with a new card pays and puts it on file', async () => {
  await setCardOutcome(site, 'lost_card');
  await site.runAt(DAY_0, RENEW);
  site.moveTo('2026-02-09T12:00:00Z');
  const paid = await expectStatus(
    site.xia('POST', '/api/billing/xia/dunning/retry', { processor_token: 'tok_visa' }),
    200,
  );
  assert.equal(paid.json()['amount'], 9000);
  await site.app.tollgate.worker.drain();
  assert.equal((await casesOf(site))[0]?.state, 'recovered');
  assert.deepEqual(
    (await attemptsOf(site)).map((text) => text.split(' ').slice(0, 2).join(' ')),
    ['renewal hard', 'manual paid'],
  );
});

test('V41 a partial payment below which less than 50 cents are left recovers; the next renewal charges the rest', async () => {
  await setCardOutcome(site, 'insufficient_funds');
  await site.runAt(DAY_0, RENEW);
  site.moveTo('2026-02-10T09:00:00Z');
  await expectStatus(site.broker('DELETE', '/api/billing/xia/balance?amount=8960&paid=1'), 204);
  await site.runAt('2026-02-10T10:00:00Z', RENEW);
  assert.equal((await casesOf(site))[0]?.state, 'recovered');
  await setCardOutcome(site, 'accepted');
  const posted = await eventsPostedBy(site, () => site.runAt('2026-03-09T10:00:00Z', RENEW));
  assert.deepEqual(posted, [
    '`sub_1/` cowork:Receivable→xia:Payable 9000',
    '`cha_2/` xia:Liability→stripe:Funds 9040 · `sub_1/` xia:Payable→xia:Liability 40 · `cha_2/` stripe:Backlog→cowork:Expenses 1 · `sub_1/` cowork:Backlog→cowork:Receivable 40 · `cha_2/` stripe:Funds→cowork:Funds 39 · `sub_1/` xia:Payable→xia:Liability 9000 · `cha_2/` stripe:Backlog→cowork:Expenses 291 · `sub_1/` cowork:Backlog→cowork:Receivable 9000 · `cha_2/` stripe:Funds→cowork:Funds 8709',
  ]);
  assert.equal(await dueOf(site.xia, 'xia'), 0);
});

test('without a card a case begins that waits for one, and it is announced once', async () => {
  await expectStatus(site.xia('DELETE', '/api/billing/xia/card'), 204);
  await runHours(site, DAY_0, '2026-02-09T13:00:00Z');
  assert.deepEqual(await attemptsOf(site), ['renewal card 02-09T10:00']);
  const [failed, ...others] = await payloadsOf(site, 'renewal_charge_failed');
  assert.deepEqual([failed?.['decline_code'], others.length], ['payment_method_absent', 0]);
  await expectStatus(site.xia('PUT', '/api/billing/xia/card', { token: 'tok_visa' }), 200);
  await site.app.tollgate.worker.drain();
  assert.equal((await casesOf(site))[0]?.state, 'recovered');
});

test('with end suspend the time stands still, and a late payment lets the rest run on', async () => {
  await site.close();
  site = await startChanges({ config: { token_lifetime_s, dunning_end: 'suspend' } });
  await site.plan('basic');
  await site.buy(site.xia, 'xia', 'basic');
  await setCardOutcome(site, 'lost_card');
  await site.runAt(DAY_0, RENEW);
  await site.runAt('2026-02-10T10:00:00Z', 'recognise_income', RENEW);
  assert.deepEqual(await eventsPostedBy(site, () => site.runAt('2026-02-16T10:00:00Z', RENEW)), [
    '`sub_1/` cowork:Income→cowork:Receivable 1928',
  ]);
  assert.equal((await subscription()).suspended_at?.toISOString(), '2026-02-16T10:00:00.000Z');
  assert.equal((await casesOf(site))[0]?.state, 'suspended');
  // Paid by hand 4 days later: 22 of 28 days are left.
  site.moveTo('2026-02-20T10:00:00Z');
  await expectStatus(site.broker('DELETE', '/api/billing/xia/balance?paid=1'), 204);
  await site.runAt('2026-02-20T11:00:00Z', RENEW);
  const { suspended_at, ends_at, anchor_at } = await subscription();
  assert.equal(suspended_at, null);
  assert.equal(ends_at.toISOString(), '2026-03-14T10:00:00.000Z');
  assert.deepEqual(anchor_at, ends_at);
  assert.equal((await casesOf(site))[0]?.state, 'recovered');
  await site.runAt('2026-03-14T10:00:00Z', 'recognise_income');
  assert.match(await balancesOf(site, 'cowork'), /Income -18000/);
});

test('with access none the time stands still from day 0, and the end takes the price of all of it off the debt', async () => {
  await site.close();
  site = await startChanges({ config: { token_lifetime_s, dunning_access: 'none' } });
  await site.plan('basic');
  await site.buy(site.xia, 'xia', 'basic');
  await setCardOutcome(site, 'lost_card');
  await site.runAt(DAY_0, RENEW);
  assert.equal((await subscription()).suspended_at?.toISOString(), '2026-02-09T10:00:00.000Z');
  await site.runAt('2026-02-16T10:00:00Z', RENEW);
  assert.equal(await dueOf(site.xia, 'xia'), 0);
  assert.equal((await casesOf(site))[0]?.state, 'ended');
  assert.equal((await subscription()).ends_at.toISOString(), '2026-02-16T10:00:00.000Z');
});

test('a dispute freezes the case until it is decided', async () => {
  await setCardOutcome(site, 'insufficient_funds');
  await site.runAt(DAY_0, RENEW);
  const charge = await site.app.db.selectFrom('charges').select('processor_key').executeTakeFirstOrThrow();
  const decide = (state: string) =>
    expectStatus(site.broker('POST', `/_dev/processor/charges/${charge.processor_key}`, { state }), 200);
  await decide('disputed');
  await runHours(site, '2026-02-09T11:00:00Z', '2026-02-12T10:00:00Z', 1);
  assert.deepEqual(await attemptsOf(site), ['renewal soft 02-09T10:00']);
  assert.equal((await casesOf(site))[0]?.frozen_at?.toISOString(), '2026-02-09T11:00:00.000Z');
  await decide('won');
  await site.runAt('2026-02-12T11:00:00Z', RENEW);
  const [thawed] = await casesOf(site);
  assert.deepEqual([thawed?.frozen_at, thawed?.ends_at?.toISOString()], [null, '2026-02-19T10:00:00.000Z']);
});

test('a subscription that its subscriber ends closes the case', async () => {
  await setCardOutcome(site, 'insufficient_funds');
  await site.runAt(DAY_0, RENEW);
  site.moveTo('2026-02-11T10:00:00Z');
  await expectStatus(site.xia('DELETE', '/api/profile/xia/subscriptions/basic'), 204);
  await site.runAt('2026-02-11T11:00:00Z', RENEW);
  assert.equal((await casesOf(site))[0]?.state, 'closed');
});

test('the payer and the provider list the case, with what is due and its attempts', async () => {
  await setCardOutcome(site, 'insufficient_funds');
  await site.runAt(DAY_0, RENEW);
  const own = await expectStatus(site.xia('GET', '/api/billing/xia/dunning'), 200);
  const { results } = own.json<{ results: Record<string, unknown>[] }>();
  assert.equal(results.length, 1);
  assert.deepEqual(results[0]?.['attempts'], [
    { at: '2026-02-09T10:00:00.000Z', amount: 9000, kind: 'soft', code: 'insufficient_funds' },
  ]);
  assert.deepEqual([results[0]?.['state'], results[0]?.['balance'], results[0]?.['unit']], ['retrying', 9000, 'usd']);
  const seen = await expectStatus(site.broker('GET', '/api/profile/cowork/subscribers/dunning?state=open'), 200);
  assert.equal(seen.json<{ count: number }>().count, 1);
  const none = await expectStatus(site.broker('GET', '/api/profile/cowork/subscribers/dunning?state=ended'), 200);
  assert.equal(none.json<{ count: number }>().count, 0);
  await expectStatus(site.xia('GET', '/api/profile/cowork/subscribers/dunning'), 403);
});
