import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inTransaction } from '#platform/db/database';
import type { Profile } from '#profiles';
import { browserClient } from '../../../test/support/client.ts';
import { testPassword } from '../../../test/support/factories/accounts.ts';
import { makeOrganization, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { runJob } from '../../../test/support/run-job.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';
import { default_keys, type RunningEmulator, startEmulator } from '../../stripe-emulator/index.ts';
import { applyEvent } from '../intake/take-processor-event.ts';
import { findLastPayoutAccount, markAccountDenied } from '../records/payout-store.ts';

const [secret_key, publishable_key] = default_keys;
const bank = '/billing/club/bank/';

let app: TestApp;
let emulator: RunningEmulator;
let club: Profile;
let alice: ReturnType<typeof browserClient>;
before(async () => {
  const now = new Date('2026-03-10T15:00:00Z');
  let clock: { now(): Date } = { now: () => now };
  emulator = await startEmulator({ clock: { now: () => clock.now() } });
  app = await startApp({
    now,
    config: {
      terms_required: false,
      processor: 'stripe',
      stripe_secret_key: secret_key,
      stripe_publishable_key: publishable_key,
      stripe_api_url: emulator.url,
    },
  });
  clock = app.clock;
  const user = await makeReadyUser(app.db, { username: 'alice' });
  club = await makeOrganization(app.db, { slug: 'club', manager: user, is_provider: true });
  alice = browserClient(app);
  await alice.get('/login/');
  await alice.post('/login/', { username: 'alice', password: testPassword });
});
after(async () => {
  await app.close();
  await emulator.stop();
});

const accountNow = async () => (await findLastPayoutAccount(app.db, club.id)) ?? assert.fail('no account');
const pass = (seconds: number) => app.clock.set(new Date(app.clock.now().getTime() + seconds * 1000));

/** Acts as a person at Stripe. */
async function act(to: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const url = `${emulator.url}/_emulator/accounts/${(await accountNow()).account}`;
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ to }) });
  assert(response.ok, `${to}: ${response.status}`);
}
/** Lets the inbox handle a message about the account. */
async function handleMessage(): Promise<string> {
  const ctx = await app.tollgate.makeContext('test');
  const { account } = await accountNow();
  return applyEvent(ctx, 'stripe', { type: 'account', object: account, account }).catch(() => 'failed');
}
/** Presses the button, and walks through the pages of the processor; returns the path to which they lead back. */
async function onboard(outcome: string): Promise<string> {
  const link = (await alice.post(bank, { action: 'connect' })).headers['location'];
  assert(typeof link === 'string' && link.startsWith(emulator.url), String(link));
  const page = await (await fetch(link)).text();
  const form_key = /name="form_key"\s+value="(\w+)"/.exec(page)?.[1] ?? '';
  const body = new URLSearchParams({ form_key, outcome });
  const response = await fetch(link, { method: 'POST', body, redirect: 'manual' });
  const back = new URL(response.headers.get('location') ?? '');
  return back.pathname + back.search;
}

test('S78: the page of the bank leads to the processor and shows what the processor says', async () => {
  const before_page = await alice.get(bank);
  const policy = String(before_page.headers['content-security-policy']);
  assert.match(policy, new RegExp(`form-action 'self' ${emulator.url}`));
  const left = await onboard('leave');
  assert.match((await alice.get(left)).text, /Details are missing.*business_profile\.url/s);
  assert.equal((await accountNow()).charges_enabled, false);

  const back = await onboard('ready');
  assert.match((await alice.get(back)).text, /Ready/);
  const { charges_enabled, payouts_enabled, fee_payer } = await accountNow();
  assert.deepEqual([charges_enabled, payouts_enabled, fee_payer], [true, true, 'account']);
});

test('S78: a forged or old state and an expired link change nothing', async () => {
  const { checked_at } = await accountNow();
  await act('restrict');
  for (const state of ['', 'x', `${app.clock.now().getTime().toString(36)}-${'0'.repeat(40)}`]) {
    const query = new URLSearchParams({ from: 'processor', state }).toString();
    assert.equal((await alice.get(`${bank}?${query}`)).status, 200);
    assert.deepEqual((await accountNow()).checked_at, checked_at, 'the processor is not asked');
  }
  const link = (await alice.post(bank, { action: 'connect' })).headers['location'];
  assert(typeof link === 'string');
  pass(301);
  const used = await fetch(link, { redirect: 'manual' });
  const refresh = new URL(used.headers.get('location') ?? '');
  assert.match((await alice.get(refresh.pathname + refresh.search)).text, /has expired/);
  pass(3600);
  assert.doesNotMatch((await alice.get(refresh.pathname + refresh.search)).text, /has expired/);
});

test('a message about the account stores its state; one about another account is ignored', async () => {
  assert.equal((await accountNow()).charges_enabled, false, 'restricted');
  await act('ready');
  assert.equal(await handleMessage(), 'taken');
  assert.equal((await accountNow()).charges_enabled, true);
  const ctx = await app.tollgate.makeContext('test');
  const event = { type: 'account', object: 'acct_none', account: 'acct_none' } as const;
  assert.equal(await applyEvent(ctx, 'stripe', event), 'ignored');
});

test('S78: one refusal changes nothing, and a success forgets it', async () => {
  const { id } = await accountNow();
  await inTransaction(app.db, (tx) => markAccountDenied(tx, id, app.clock.now()));
  const denied = await accountNow();
  assert.notEqual(denied.denied_at, null);
  assert.deepEqual([denied.charges_enabled, denied.disconnected_at], [true, null]);
  pass(3600);
  assert.equal(await handleMessage(), 'taken');
  assert.equal((await accountNow()).denied_at, null);
});

test('a key without a permission disconnects no account, however often it is refused', async () => {
  emulator.control.addFault({ name: '403', match: { path: '/v1/accounts/' } });
  for (const seconds of [0, 601, 601]) {
    pass(seconds);
    assert.equal(await handleMessage(), 'failed');
  }
  emulator.control.clearFaults();
  const { charges_enabled, denied_at, disconnected_at } = await accountNow();
  assert.deepEqual([charges_enabled, denied_at, disconnected_at], [true, null, null]);
});

test('S78: an account whose access ended is disconnected by the second refusal, and can be connected again', async () => {
  assert.equal(await handleMessage(), 'taken');
  const ended = await accountNow();
  await act('deauthorize');
  await runJob(app.tollgate, 'sweep_processor_events');
  assert.equal((await accountNow()).disconnected_at, null);
  pass(601);
  await runJob(app.tollgate, 'sweep_processor_events');
  assert.notEqual((await accountNow()).disconnected_at, null);
  assert.match((await alice.get(bank)).text, /denies the access/);
  // The provider and the broker are notified, once.
  await runJob(app.tollgate, 'sweep_processor_events');
  const { profile_id, account: gone, processor } = ended;
  const events = app.db.selectFrom('outbox_events').select('payload').where('name', '=', 'account_disconnected');
  assert.deepEqual(
    (await events.execute()).map(({ payload }) => payload),
    [{ provider_id: profile_id, processor, account: gone }],
  );
  await onboard('ready');
  const { account, disconnected_at } = await accountNow();
  assert.notEqual(account, ended.account);
  assert.equal(disconnected_at, null);
});
