import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findUserByUsername } from '#accounts';
import { addPeriods } from '#kernel/period';
import { verifyLedger } from '#ledger';
import { findCharge, findSettledRefundLines } from '#payments';
import { findPersonalProfile } from '#profiles';
import { findSubscription } from '#subscriptions';
import { apiClient, registerUser, signInBrowser } from '../../../test/support/client.ts';
import type { TestContext } from '../../../test/support/context.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { ownAddress } from '../../../test/support/own-address.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
let ctx: TestContext;
before(async () => {
  app = await startApp();
  ctx = { ...(await app.tollgate.makeContext('test')), clock: app.clock };
});
after(() => app.close());

type Call = ReturnType<typeof apiClient>;
async function registerCaller(name: string, address?: string): Promise<Call> {
  const token = await registerUser(app, name);
  if (address !== undefined) await ownAddress(app, name, address);
  return apiClient(app, token);
}
const checkOut = (call: Call, name: string, body: object = {}) =>
  call('POST', `/api/billing/${name}/checkout`, { processor_token: 'tok_visa', ...body });
const postCode = (call: Call, code: string) => call('POST', '/api/cart/redeem', { code });
const advanceClock = (ms: number) => app.clock.set(new Date(app.clock.now().getTime() + ms));
const findRunning = async (name: string, plan_id: Parameters<typeof findSubscription>[2]) => {
  const user = await findUserByUsername(app.db, name);
  const profile = user && (await findPersonalProfile(app.db, user.id));
  assert.ok(profile);
  return findSubscription(app.db, profile.id, plan_id, app.clock.now());
};

/** Returns the newest code that was mailed to an address. */
async function findMailedCode(to: string): Promise<string> {
  await app.tollgate.worker.drain();
  const [mail] = app.tollgate.mailbox.list(to);
  const code = /\b[0-9a-f]{40}\b/.exec(mail?.text ?? '')?.[0];
  assert.ok(code, `no code was mailed to ${to}`);
  return code;
}

/** Buys a seat for an address; returns its code and the key of the charge. */
async function buySeat(
  call: Call,
  name: string,
  plan: string,
  sync_on: string,
): Promise<{ code: string; key: string }> {
  await call('POST', '/api/cart', { plan, sync_on, full_name: 'A Friend' });
  const paid = await checkOut(call, name);
  assert.equal(paid.status, 201, paid.text);
  return { code: await findMailedCode(sync_on), key: String(paid.json()['processor_key']) };
}

async function findSeatId(call: Call, name: string, email: string): Promise<number> {
  const found = await call('GET', `/api/billing/${name}/seats?q=${encodeURIComponent(email)}`);
  const [seat] = found.json<{ results: { id: number }[] }>().results;
  assert.ok(seat, found.text);
  return seat.id;
}

test('a code is bound to its address: an account must have verified it, and gets the page that does', async () => {
  const buyer = await registerCaller('binder');
  const plan = await makePlan(ctx);
  const { code } = await buySeat(buyer, 'binder', plan.slug, 'bound@example.com');
  const other = await registerCaller('other-address');
  const refused = await postCode(other, code);
  assert.deepEqual([refused.status, refused.json()['code']], [403, 'email_unverified'], refused.text);
  assert.equal(refused.json()['location'], '/users/other-address/');
  const owner = await registerCaller('bound');
  const unverified = await postCode(owner, code);
  assert.deepEqual([unverified.status, unverified.json()['location']], [403, '/users/verify/'], unverified.text);
  await app.tollgate.worker.drain();
  assert.match(app.tollgate.mailbox.list('bound@example.com')[0]?.text ?? '', /\b[0-9]{6}\b/, 'a code to verify with');
  const browser = await signInBrowser(app, 'bound');
  await browser.get(`/redeem/?code=${code}`);
  const posted = await browser.post('/redeem/', { code });
  assert.equal(posted.headers['location'], `/users/verify/?next=${encodeURIComponent(`/redeem/?code=${code}`)}`);
  await ownAddress(app, 'bound', 'bound@example.com');
  assert.equal((await postCode(owner, code)).status, 200);
});

test('the payer revokes an unclaimed seat: the price is refunded and the code is invalid', async () => {
  const buyer = await registerCaller('revoker');
  const plan = await makePlan(ctx, { setup_amount: 500 });
  const { code, key } = await buySeat(buyer, 'revoker', plan.slug, 'revoked@example.com');
  const id = await findSeatId(buyer, 'revoker', 'revoked@example.com');
  const revoke = () => buyer('POST', `/api/billing/revoker/seats/${id}/revoke`);
  const revoked = await revoke();
  assert.equal(revoked.status, 200, revoked.text);
  assert.match(revoked.text, /\$25\.00 refunded successfully/);
  const charge = await findCharge(app.db, key);
  assert.ok(charge);
  const refunds = await findSettledRefundLines(app.db, charge.id);
  assert.deepEqual(
    refunds.map(({ amount }) => amount).toSorted((a, b) => a - b),
    [500, 2000],
  );
  const listed = (await buyer('GET', '/api/billing/revoker/seats')).json<{ results: { state: string }[] }>();
  assert.deepEqual(
    listed.results.map(({ state }) => state),
    ['revoked'],
  );
  const guest = await registerCaller('too-late', 'revoked@example.com');
  const refused = await postCode(guest, code);
  assert.deepEqual([refused.status, refused.json()['code']], [409, 'claim_revoked']);
  const again = await revoke();
  assert.deepEqual([again.status, again.json()['code']], [409, 'seat_closed'], 'refunded once');
  const sent = await buyer('POST', `/api/billing/revoker/seats/${id}/send`);
  assert.deepEqual([sent.status, sent.json()['code']], [409, 'seat_closed']);
  const stranger = await registerCaller('meddler');
  assert.equal((await stranger('POST', `/api/billing/revoker/seats/${id}/revoke`)).status, 403);
  const foreign = await stranger('POST', `/api/billing/meddler/seats/${id}/revoke`);
  assert.deepEqual([foreign.status, foreign.json()['code']], [404, 'seat_unknown']);
  assert.deepEqual((await verifyLedger(app.db)).violations, []);
});

test('a claimed seat cannot be revoked; a claim and a revocation at the same time have one winner', async () => {
  const buyer = await registerCaller('undecided-payer');
  const plan = await makePlan(ctx);
  const { code } = await buySeat(buyer, 'undecided-payer', plan.slug, 'raced@example.com');
  const id = await findSeatId(buyer, 'undecided-payer', 'raced@example.com');
  const guest = await registerCaller('racer', 'raced@example.com');
  const [revoked, claimed] = await Promise.all([
    buyer('POST', `/api/billing/undecided-payer/seats/${id}/revoke`),
    postCode(guest, code),
  ]);
  const outcome = [revoked.status, claimed.status].join();
  assert.ok(['200,409', '409,200'].includes(outcome), `${revoked.text} ${claimed.text}`);

  const second = await buySeat(buyer, 'undecided-payer', plan.slug, 'kept@example.com');
  await ownAddress(app, 'racer', 'kept@example.com');
  assert.equal((await postCode(guest, second.code)).status, 200);
  const kept = await findSeatId(buyer, 'undecided-payer', 'kept@example.com');
  const closed = await buyer('POST', `/api/billing/undecided-payer/seats/${kept}/revoke`);
  assert.deepEqual([closed.status, closed.json()['code']], [409, 'seat_closed'], 'it waits in a cart');
  assert.deepEqual((await verifyLedger(app.db)).violations, []);
});

test('a free seat is revoked without a refund; a seat whose payment is disputed is not revoked', async () => {
  const buyer = await registerCaller('generous');
  const free = await makePlan(ctx, { period_amount: 0 });
  await buyer('POST', '/api/cart', { plan: free.slug, sync_on: 'gratis@example.com' });
  assert.equal((await checkOut(buyer, 'generous')).status, 200);
  const code = await findMailedCode('gratis@example.com');
  const id = await findSeatId(buyer, 'generous', 'gratis@example.com');
  assert.equal((await buyer('POST', `/api/billing/generous/seats/${id}/revoke`)).status, 200);
  const guest = await registerCaller('gratis-guest', 'gratis@example.com');
  assert.equal((await postCode(guest, code)).json()['code'], 'claim_revoked');

  const plan = await makePlan(ctx);
  const paid = await buySeat(buyer, 'generous', plan.slug, 'unfunded@example.com');
  const seat = await findSeatId(buyer, 'generous', 'unfunded@example.com');
  await app.db.updateTable('charges').set({ state: 'disputed' }).where('processor_key', '=', paid.key).execute();
  const refused = await buyer('POST', `/api/billing/generous/seats/${seat}/revoke`);
  assert.deepEqual(
    [refused.status, refused.json()['code']],
    [409, 'seat_closed'],
    'a disputed payment is not refunded',
  );
  await app.db.updateTable('charges').set({ state: 'done' }).where('processor_key', '=', paid.key).execute();
  await ownAddress(app, 'gratis-guest', 'unfunded@example.com');
  assert.equal((await postCode(guest, paid.code)).status, 200);
});

test('the price of a seat stays in Backlog until the claim, and its time begins at the claim', async () => {
  const buyer = await registerCaller('early-payer');
  const plan = await makePlan(ctx);
  const { code } = await buySeat(buyer, 'early-payer', plan.slug, 'starts-late@example.com');
  const readLine = () =>
    app.db
      .selectFrom('order_lines')
      .select(['covers_from', 'covers_to', 'description'])
      .where('claim_email', '=', 'starts-late@example.com')
      .executeTakeFirstOrThrow();
  const before = await readLine();
  assert.deepEqual([before.covers_from, before.covers_to], [null, null]);
  advanceClock(40 * 86_400_000);
  const guest = await registerCaller('late-starter', 'starts-late@example.com');
  await postCode(guest, code);
  assert.equal((await readLine()).covers_from, null, 'a seat in a cart has not begun');
  assert.equal((await checkOut(guest, 'late-starter', { processor_token: null })).status, 200);
  const running = await findRunning('late-starter', plan.id);
  assert.ok(running);
  const after_claim = await readLine();
  assert.deepEqual(
    [after_claim.covers_from, after_claim.covers_to],
    [running.created_at, addPeriods(running.created_at, 1, 'monthly')],
  );
  const moved = await app.db
    .selectFrom('ledger_entries as entry')
    .innerJoin('order_lines as line', (join) =>
      join.onRef('line.subject_kind', '=', 'entry.subject_kind').onRef('line.subject_id', '=', 'entry.subject_id'),
    )
    .select(['orig_account', 'dest_account', 'dest_amount'])
    .where('line.claim_email', '=', 'starts-late@example.com')
    .orderBy('entry.id')
    .execute();
  assert.deepEqual(
    moved.map(({ orig_account, dest_account, dest_amount }) => [orig_account, dest_account, dest_amount]),
    [
      ['Receivable', 'Payable', 2000],
      ['Payable', 'Liability', 2000],
      ['Backlog', 'Receivable', 2000],
    ],
    'the claim posts nothing on the subject of the payer',
  );
});

test('a payer with thousands of seats pages through them, finds one and downloads all', async () => {
  const buyer = await registerCaller('many-seats');
  const plan = await makePlan(ctx);
  await buySeat(buyer, 'many-seats', plan.slug, 'first-seat@example.com');
  await app.database.executeSql(`insert into claims
      (order_id, profile_id, email, full_name, code_hash, created_at, sent_at, expires_at)
    select order_id, profile_id, 'seat-' || n || '@example.com', 'Seat ' || n, 'hash ' || n, created_at, sent_at, expires_at
    from claims, generate_series(1, 1500) n where email = 'first-seat@example.com'`);
  type Seats = { count: number; next: string | null; results: { email: string }[] };
  const page = (await buyer('GET', '/api/billing/many-seats/seats?page_size=10&page=2')).json<Seats>();
  assert.deepEqual([page.count, page.results.length], [1501, 10]);
  assert.match(page.next ?? '', /page=3/);
  const found = (await buyer('GET', '/api/billing/many-seats/seats?q=seat-1234@')).json<Seats>();
  assert.deepEqual(
    found.results.map(({ email }) => email),
    ['seat-1234@example.com'],
  );
  const browser = await signInBrowser(app, 'many-seats');
  const shown = await browser.get('/billing/many-seats/seats/?o=email');
  assert.match(shown.text, /1,501 seats/);
  const file = await browser.get('/billing/many-seats/seats/download/');
  assert.equal(file.text.trim().split('\r\n').length, 1502);
});

test('the page of a seat shows what the payer gets back, and revokes it', async () => {
  const buyer = await registerCaller('clicker');
  const plan = await makePlan(ctx);
  await buySeat(buyer, 'clicker', plan.slug, 'clicked@example.com');
  const id = await findSeatId(buyer, 'clicker', 'clicked@example.com');
  const browser = await signInBrowser(app, 'clicker');
  const url = `/billing/clicker/seats/${id}/revoke/`;
  const page = await browser.get(url);
  assert.match(page.text, /Revoke and refund \$20\.00/);
  const posted = await browser.post(url, {});
  assert.deepEqual([posted.status, posted.headers['location']], [303, '/billing/clicker/seats/']);
  assert.match((await browser.get('/billing/clicker/seats/')).text, /Revoked/);
  assert.equal((await browser.get(url)).status, 303, 'there is nothing to revoke any more');
  assert.equal((await browser.get('/billing/clicker/seats/999999/revoke/')).status, 404);
});
