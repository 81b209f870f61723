import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { verifyLedger } from '#ledger';
import {
  balancesOf,
  type Call,
  type ChangeSite,
  dueOf,
  expectStatus,
  startChanges,
} from '../../../test/support/changes.ts';
import {
  attemptsOf,
  casesOf,
  payloadsOf,
  RENEW,
  setCardOutcome,
  token_lifetime_s,
} from '../../../test/support/dunning.ts';
import { ownAddress } from '../../../test/support/own-address.ts';

// A profile is archived in each state of what it bought: nothing of it is charged, paused or announced afterwards, what
// was sold is earned, and the books stay sound.

let site: ChangeSite;
const url = '/api/profile/xia/subscriptions/basic';
const LATER = '2026-06-01T10:00:00Z';

beforeEach(() => start());
afterEach(async () => {
  await site.runAt(LATER, RENEW, 'run_pauses', 'complete_changes', 'recognise_income', 'return_requests');
  const { violations } = await verifyLedger(site.app.db);
  const frozen = await site.app.db.selectFrom('frozen_coverages').selectAll().execute();
  const open = await site.app.db.selectFrom('dunning_cases').selectAll().where('closed_at', 'is', null).execute();
  await site.close();
  assert.deepEqual([violations, frozen, open], [[], [], []]);
});

async function start(config: NonNullable<Parameters<typeof startChanges>[0]>['config'] = {}): Promise<void> {
  site = await startChanges({ config: { token_lifetime_s, ...config } });
  await site.plan('basic', { pause_days_max: 60 });
}

const archive = (name = 'xia', call: Call = site.xia) => expectStatus(call('DELETE', `/api/profile/${name}`), 204);
const subscription = () => site.app.db.selectFrom('subscriptions').selectAll().executeTakeFirstOrThrow();
const backlog = async () => /Backlog -?\d+/.exec(await balancesOf(site, 'cowork'))?.[0] ?? null;
const chargesCount = async () => (await site.app.db.selectFrom('charges').select('id').execute()).length;

test('time that a pause stopped is earned after the profile is archived, and nothing resumes', async () => {
  await site.buy(site.xia, 'xia', 'basic');
  site.moveTo('2026-01-20T10:00:00Z');
  await expectStatus(site.xia('POST', `${url}/pause`, { resumes_at: '2026-02-20T10:00:00Z' }), 200);
  site.moveTo('2026-01-22T10:00:00Z');
  await archive();
  const { paused_at, resumes_at, ends_at, auto_renew } = await subscription();
  assert.deepEqual([paused_at, resumes_at, auto_renew], [null, null, false]);
  assert.equal(ends_at.toISOString(), '2026-01-22T10:00:00.000Z');
  const [pause] = await site.app.db.selectFrom('pauses').select(['state', 'resumed_at']).execute();
  assert.deepEqual(pause, { state: 'ended', resumed_at: new Date('2026-01-22T10:00:00Z') });
  assert.equal(await backlog(), 'Backlog -6097');
  await site.runAt('2026-03-01T10:00:00Z', 'run_pauses', 'recognise_income');
  assert.deepEqual(await payloadsOf(site, 'subscription_resumed'), []);
  assert.equal(await backlog(), null, 'all of it is earned');
});

test('a planned pause and a planned change of an archived profile never begin', async () => {
  await site.plan('lite');
  await site.buy(site.xia, 'xia', 'basic');
  const { preview_key } = (await expectStatus(site.xia('GET', `${url}/change?to=lite&at=period_end`), 200)).json<{
    preview_key: string;
  }>();
  await expectStatus(site.xia('POST', `${url}/change`, { to: 'lite', at: 'period_end', preview_key }), 200);
  const bob = await site.register('bob');
  await site.buy(bob, 'bob', 'basic');
  const planned = { at: 'period_end', resumes_at: '2026-03-01T10:00:00Z' };
  await expectStatus(bob('POST', '/api/profile/bob/subscriptions/basic/pause', planned), 200);
  await archive();
  await archive('bob', bob);
  assert.deepEqual(await site.app.db.selectFrom('pending_changes').selectAll().execute(), []);
  assert.deepEqual(await site.app.db.selectFrom('pauses').select('state').execute(), [{ state: 'withdrawn' }]);
  await site.runAt('2026-02-12T10:00:00Z', RENEW, 'run_pauses', 'complete_changes');
  assert.equal(await chargesCount(), 2);
});

test('the dunning case of an archived payer is closed, its card is forgotten, and what is due stays due', async () => {
  await site.close();
  await start({ dunning_access: 'none' });
  await site.buy(site.xia, 'xia', 'basic');
  await setCardOutcome(site, 'insufficient_funds');
  await site.runAt('2026-02-09T10:00:00Z', RENEW);
  assert.notEqual((await subscription()).suspended_at, null);
  const attempts = await attemptsOf(site);
  const [owed] = [await dueOf(site.xia, 'xia')];
  assert.equal(owed, 9000);
  site.moveTo('2026-02-10T12:00:00Z');
  await archive();
  const [found] = await casesOf(site);
  assert.deepEqual(
    [found?.state, found?.closed_at?.toISOString(), found?.next_attempt_at],
    ['closed', '2026-02-10T12:00:00.000Z', null],
  );
  assert.deepEqual(await site.app.db.selectFrom('payment_methods').selectAll().execute(), []);
  assert.equal((await subscription()).suspended_at, null);
  await site.runAt('2026-02-12T10:00:00Z', RENEW);
  assert.deepEqual(await attemptsOf(site), attempts, 'the card is not charged again');
  assert.deepEqual(await payloadsOf(site, 'renewal_recovered'), []);
  await site.runAt('2026-04-01T10:00:00Z', 'recognise_income');
  assert.match(await balancesOf(site, 'cowork'), /Income -18000/);
  const { slug } = await site.app.db
    .selectFrom('profiles')
    .innerJoin('subscriptions', 'subscriptions.profile_id', 'profiles.id')
    .select('profiles.slug')
    .executeTakeFirstOrThrow();
  assert.equal(await dueOf(site.broker, slug), 9000);
  await expectStatus(site.broker('DELETE', `/api/billing/${slug}/balance`), 204);
  assert.equal(await dueOf(site.broker, slug), 0);
});

test('a profile is not archived while a payment of it is open', async () => {
  await site.xia('POST', '/api/cart', { plan: 'basic' });
  await site.xia('GET', '/api/billing/xia/checkout');
  await expectStatus(site.xia('POST', '/api/billing/xia/checkout', { processor_token: 'tok_authenticate' }), 402);
  const refused = await expectStatus(site.xia('DELETE', '/api/profile/xia?force=1'), 409);
  assert.equal(refused.json()['code'], 'charge_pending');
  await expectStatus(site.xia('GET', '/api/profile/xia'), 200);
  const person = await expectStatus(site.xia('DELETE', '/api/users/xia?force=1', { password: 'correct horse 7' }), 409);
  assert.equal(person.json()['code'], 'charge_pending');
  await site.runAt('2026-01-10T11:00:00Z', 'finish_orders');
  await archive();
});

test('notes about an archived person are deleted, and those of an archived provider', async () => {
  const { call, profile } = await site.provider('club');
  await site.plan('basic-club', { provider_id: profile.id });
  await site.buy(site.xia, 'xia', 'basic');
  await site.buy(site.xia, 'xia', 'basic-club');
  const bob = await site.register('bob');
  await site.buy(bob, 'bob', 'basic-club');
  const note = { text: 'Prefers the room to the south' };
  await expectStatus(site.broker('POST', '/api/profile/cowork/notes/xia', note), 201);
  await expectStatus(call('POST', '/api/profile/club/notes/xia', note), 201);
  await expectStatus(call('POST', '/api/profile/club/notes/bob', note), 201);
  const countNotes = async () => (await site.app.db.selectFrom('subscriber_notes').select('id').execute()).length;
  await archive();
  assert.equal(await countNotes(), 1);
  await expectStatus(call('DELETE', '/api/profile/club'), 204);
  assert.equal(await countNotes(), 0);
});

test('the payment link of an archived payer takes no card, and the provider can still close it', async () => {
  await site.broker('POST', '/api/cart', { plan: 'basic' });
  await site.broker('GET', '/api/billing/xia/checkout');
  const ordered = await expectStatus(site.broker('POST', '/api/billing/xia/checkout/paylater', {}), 201);
  const { claim_code } = ordered.json<{ claim_code: string }>();
  await expectStatus(site.xia('GET', `/api/billing/payments/${claim_code}`), 200);
  await archive();
  const link = `/api/billing/payments/${claim_code}`;
  await expectStatus(site.broker('GET', link), 404);
  const paid = await expectStatus(site.broker('POST', link, { processor_token: 'tok_visa' }), 404);
  assert.equal(paid.json()['code'], 'payment_link_unknown');
  const of_provider = `/api/billing/cowork/payments/${claim_code}/collected`;
  await expectStatus(site.broker('POST', of_provider, {}), 200);
  assert.doesNotMatch(await balancesOf(site, 'cowork'), /Receivable/);
});

test('a seat that an archived payer paid can be claimed', async () => {
  await site.app.db.updateTable('profiles').set({ is_bulk_buyer: true }).where('slug', '=', 'xia').execute();
  const seat = { plan: 'basic', sync_on: 'ann@example.com', email: 'ann@example.com', full_name: 'Ann' };
  await expectStatus(site.xia('POST', '/api/cart', seat), 201);
  await site.xia('GET', '/api/billing/xia/checkout');
  await expectStatus(site.xia('POST', '/api/billing/xia/checkout', { processor_token: 'tok_visa' }), 201);
  await site.app.tollgate.worker.drain();
  const [mail] = site.app.tollgate.mailbox.list('ann@example.com');
  const code = /\b[0-9a-f]{40}\b/.exec(mail?.text ?? '')?.[0] ?? '';
  await archive();
  const ann = await site.register('ann');
  await ownAddress(site.app, 'ann', 'ann@example.com');
  await expectStatus(ann('POST', '/api/cart/redeem', { code }), 200);
  await ann('GET', '/api/billing/ann/checkout');
  await expectStatus(ann('POST', '/api/billing/ann/checkout', {}), 200, 201);
  await expectStatus(ann('GET', '/api/profile/ann/subscriptions/basic'), 200);
});

test('a request that waits gives its money back after its profile is archived', async () => {
  await site.plan('asked', { optin_on_request: true });
  await site.buy(site.xia, 'xia', 'asked');
  await archive();
  await site.runAt('2026-01-11T10:00:00Z', 'return_requests');
  const { slug } = await site.app.db
    .selectFrom('profiles')
    .innerJoin('subscriptions', 'subscriptions.profile_id', 'profiles.id')
    .select('profiles.slug')
    .executeTakeFirstOrThrow();
  assert.equal(await balancesOf(site, slug), `${slug} Refunded -2000`);
  assert.equal(await backlog(), null);
});

test('an archived provider ends what it sold: paused time is earned, and nothing renews', async () => {
  const { call, profile } = await site.provider('club');
  await site.plan('club-plan', { provider_id: profile.id, pause_days_max: 60 });
  await site.buy(site.xia, 'xia', 'club-plan');
  site.moveTo('2026-01-20T10:00:00Z');
  await expectStatus(
    site.xia('POST', '/api/profile/xia/subscriptions/club-plan/pause', { resumes_at: '2026-02-20T10:00:00Z' }),
    200,
  );
  await expectStatus(call('DELETE', '/api/profile/club'), 204);
  assert.equal((await subscription()).paused_at, null);
  await site.runAt('2026-03-01T10:00:00Z', RENEW, 'run_pauses', 'recognise_income');
  const [{ slug }] = [
    await site.app.db.selectFrom('profiles').select('slug').where('id', '=', profile.id).executeTakeFirstOrThrow(),
  ];
  assert.doesNotMatch(await balancesOf(site, slug), /Backlog/);
  assert.equal(await chargesCount(), 1);
});

test('a deleted person leaves no subscription, pause, card or case behind', async () => {
  await site.buy(site.xia, 'xia', 'basic');
  site.moveTo('2026-01-20T10:00:00Z');
  await expectStatus(site.xia('POST', `${url}/pause`, { resumes_at: '2026-02-20T10:00:00Z' }), 200);
  await expectStatus(site.xia('DELETE', '/api/users/xia', { password: 'correct horse 7' }), 204);
  assert.equal((await subscription()).paused_at, null);
  assert.deepEqual(await site.app.db.selectFrom('payment_methods').selectAll().execute(), []);
  await site.runAt('2026-03-01T10:00:00Z', RENEW, 'run_pauses', 'recognise_income');
  assert.equal(await backlog(), null);
});
