import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findUserByUsername } from '#accounts';
import { addPeriods } from '#kernel/period';
import { findStatementBalance, fromSubjectColumns, verifyLedger } from '#ledger';
import { findCharge, refreshCharge } from '#payments';
import { inTransaction } from '#platform/db/database';
import { findPersonalProfile, makeManager } from '#profiles';
import { findSubscription } from '#subscriptions';
import { apiClient, browserClient, registerUser } from '../../../test/support/client.ts';
import type { TestContext } from '../../../test/support/context.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { ownAddress } from '../../../test/support/own-address.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';
import { finishOrders } from '../orders/finish-orders.ts';

let app: TestApp;
let ctx: TestContext;
let broker: ReturnType<typeof apiClient>;
before(async () => {
  app = await startApp();
  ctx = { ...(await app.tollgate.makeContext('test')), clock: app.clock };
  broker = apiClient(app, await registerUser(app, 'operator'));
  const user = await findUserByUsername(app.db, 'operator');
  assert.ok(user);
  await inTransaction(app.db, (tx) => makeManager(tx, { id: ctx.site.broker_id }, user, app.clock.now()));
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

test('a person without an account gets a code for a paid seat, and subscribes with it free of charge', async () => {
  const buyer = await registerCaller('payer');
  const plan = await makePlan(ctx, {
    setup_amount: 500,
    advance_discounts: [{ discount_type: 'percentage', discount_value: 1000, length: 12 }],
  });
  const friend = 'friend@example.com';
  await buyer('POST', '/api/cart', { plan: plan.slug, sync_on: ' Friend@Example.com\u200b', full_name: 'A Friend' });
  await buyer('POST', '/api/cart', { plan: plan.slug, option: 1 });
  const shown = await buyer('GET', '/api/billing/payer/checkout');
  assert.equal(shown.status, 200, shown.text);
  const results: unknown = shown.json()['results'];
  assert.ok(Array.isArray(results) && results.length === 2);
  const items = results.map((each) => ({ option: JSON.stringify(each).includes('A Friend') ? 2 : 1 }));
  const paid = await checkOut(buyer, 'payer', { items });
  assert.deepEqual([paid.status, paid.json()['amount']], [201, 21_600 + 500 + 2000 + 500], paid.text);
  assert.ok(await findRunning('payer', plan.id), 'the buyer subscribes as usual');

  const code = await findMailedCode(friend);
  const rows = await app.db.selectFrom('claims').selectAll().execute();
  assert.ok(!JSON.stringify(rows).includes(code), 'the code is stored as a hash');
  const receiver = await registerCaller('receiver', friend);
  const claimed = await postCode(receiver, ` ${code.toUpperCase()}\t`);
  assert.equal(claimed.status, 200, claimed.text);
  const free = await checkOut(receiver, 'receiver', { processor_token: null });
  assert.deepEqual([free.status, free.json()], [200, {}], free.text);
  const running = await findRunning('receiver', plan.id);
  assert.deepEqual(running?.ends_at, addPeriods(app.clock.now(), 12, 'monthly'), 'for the time that was paid');
  const [line] = await app.db
    .selectFrom('order_lines')
    .innerJoin('orders', 'orders.id', 'order_lines.order_id')
    .select(['order_lines.amount', 'order_lines.description', 'subject_kind', 'subject_id', 'subject_part'])
    .where('order_lines.subscription_id', '=', running?.id ?? null)
    .execute();
  assert.equal(line?.amount, 0);
  assert.match(line.description, /complimentary of /);
  assert.deepEqual(fromSubjectColumns(line), { kind: 'sub', id: String(running?.id), part: '' });
  const again = await postCode(receiver, code);
  assert.deepEqual([again.status, again.json()['code']], [409, 'claim_used']);
});

test('§2.15 the ledger books a seat on its own subject of the payer, and balances', async () => {
  const entries = await app.db
    .selectFrom('ledger_entries')
    .select(['orig_account', 'dest_account', 'dest_amount', 'subject_id', 'subject_part'])
    .where('subject_kind', '=', 'cpn')
    .orderBy('id')
    .execute();
  const orders = entries.filter(({ orig_account }) => orig_account === 'Receivable');
  assert.deepEqual(
    orders.map(({ dest_amount }) => dest_amount).toSorted((a, b) => a - b),
    [500, 21_600],
  );
  assert.match(entries[0]?.subject_id ?? '', /^[0-9a-f]{36}$/);
  assert.equal(entries[0]?.subject_part, null);
  const user = await findUserByUsername(app.db, 'payer');
  const profile = user && (await findPersonalProfile(app.db, user.id));
  assert.ok(profile);
  assert.deepEqual((await findStatementBalance(app.db, profile.id, app.clock.now())).subjects, []);
  assert.deepEqual((await verifyLedger(app.db)).violations, []);
});

test('a code that several users redeem concurrently gives one seat, to the owner of its address', async () => {
  const buyer = await registerCaller('giver');
  const plan = await makePlan(ctx);
  await buyer('POST', '/api/cart', { plan: plan.slug, sync_on: 'one@example.com' });
  await checkOut(buyer, 'giver');
  const code = await findMailedCode('one@example.com');
  const people = await Promise.all(['first', 'second', 'third'].map((name) => registerCaller(name)));
  await ownAddress(app, 'first', 'one@example.com');
  const replies = await Promise.all([...people, ...people].map((call) => postCode(call, code)));
  assert.deepEqual(
    replies.map(({ status, text }) => (status === 200 ? 'claimed' : text.includes('email_unverified'))),
    ['claimed', true, true, 'claimed', true, true],
  );
  const checkouts = people.flatMap((call, index) => {
    const name = ['first', 'second', 'third'][index] ?? '';
    return [checkOut(call, name, { processor_token: null }), checkOut(call, name, { processor_token: null })];
  });
  await Promise.all(checkouts);
  const running = await Promise.all(['first', 'second', 'third'].map((name) => findRunning(name, plan.id)));
  assert.equal(running.filter(Boolean).length, 1);
  const [only] = running.filter((each) => each !== undefined);
  assert.deepEqual(only?.ends_at, addPeriods(only?.created_at ?? new Date(0), 1, 'monthly'));
  await ownAddress(app, 'first', 'elsewhere@example.com');
  await ownAddress(app, 'second', 'one@example.com');
  const [, second] = people;
  assert.ok(second);
  const late = await postCode(second, code);
  assert.deepEqual([late.status, late.json()['code']], [409, 'claim_used'], 'the code is good once');
});

test('an uploaded list is one order; people without a profile get a code, profiles do not', async () => {
  const buyer = await registerCaller('company');
  const plan = await makePlan(ctx);
  const form = new FormData();
  form.append(
    'file',
    new Blob(['Ann,Lee,ann@example.com\nBob,Lee,bob@example.com\n'], { type: 'text/csv' }),
    'list.csv',
  );
  const token = await registerUser(app, 'uploader');
  const uploaded = await fetch(`${await listenOnFreePort()}/api/cart/${plan.slug}/upload`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: form,
  });
  assert.equal(uploaded.status, 201);
  const uploader = apiClient(app, token);
  const paid = await checkOut(uploader, 'uploader');
  assert.deepEqual([paid.status, paid.json()['amount']], [201, 4000], paid.text);
  const codes = [await findMailedCode('ann@example.com'), await findMailedCode('bob@example.com')];
  assert.notEqual(codes[0], codes[1]);
  const listed = await uploader('GET', '/api/billing/uploader/seats');
  const results: unknown = listed.json()['results'];
  assert.ok(Array.isArray(results));
  assert.deepEqual(
    results.map(({ email, state }: { email: string; state: string }) => `${email} ${state}`).toSorted(),
    ['ann@example.com open', 'bob@example.com open'],
  );
  assert.equal((await buyer('GET', '/api/billing/uploader/seats')).status, 403);
});

let address: string | null = null;
async function listenOnFreePort(): Promise<string> {
  address ??= await app.tollgate.listen();
  return address;
}

test('every person of a paid list gets a code, also when the list exceeds the limit of invitations', async () => {
  const buyer = await registerCaller('large-company');
  const plan = await makePlan(ctx);
  const wishes = Array.from({ length: 30 }, (_, index) => ({ plan: plan.slug, sync_on: `staff-${index}@example.com` }));
  await buyer('POST', '/api/cart', wishes);
  assert.equal((await checkOut(buyer, 'large-company')).json()['amount'], 60_000);
  const codes = new Set<string>();
  for (const { sync_on } of wishes) codes.add(await findMailedCode(sync_on));
  assert.equal(codes.size, 30);
});

test('removing a claimed item from the cart makes its code usable again; another item of the plan stays', async () => {
  const buyer = await registerCaller('patron');
  const plan = await makePlan(ctx);
  await buyer('POST', '/api/cart', { plan: plan.slug, sync_on: 'undecided@example.com' });
  await checkOut(buyer, 'patron');
  const code = await findMailedCode('undecided@example.com');
  const guest = await registerCaller('guest', 'undecided@example.com');
  await guest('POST', '/api/cart', { plan: plan.slug });
  assert.equal((await postCode(guest, code)).status, 200);
  assert.equal((await guest('DELETE', '/api/cart')).status, 204);
  await ownAddress(app, 'guest', 'guest@example.com');
  const other = await registerCaller('other-guest', 'undecided@example.com');
  await other('POST', '/api/cart', { plan: plan.slug });
  assert.equal((await postCode(other, code)).status, 200);
  const paid = await checkOut(other, 'other-guest');
  assert.deepEqual([paid.status, paid.json()['amount']], [201, 2000], paid.text);
  const running = await findRunning('other-guest', plan.id);
  assert.deepEqual(running?.ends_at, addPeriods(running?.created_at ?? new Date(0), 2, 'monthly'));
});

test('a seat can be claimed after its plan was withdrawn', async () => {
  const buyer = await registerCaller('early-bird');
  const plan = await makePlan(ctx);
  await buyer('POST', '/api/cart', { plan: plan.slug, sync_on: 'late@example.com' });
  await checkOut(buyer, 'early-bird');
  const code = await findMailedCode('late@example.com');
  await broker('PATCH', `/api/profile/cowork/plans/${plan.slug}`, { is_active: false });
  const guest = await registerCaller('late');
  await ownAddress(app, 'late', 'late@example.com');
  await postCode(guest, code);
  assert.equal((await checkOut(guest, 'late', { processor_token: null })).status, 200);
  assert.ok(await findRunning('late', plan.id));
});

test('a refunded or unpaid seat cannot be claimed; a failed payment is due and can be paid', async () => {
  const buyer = await registerCaller('wavering');
  const plan = await makePlan(ctx);
  await buyer('POST', '/api/cart', { plan: plan.slug, sync_on: 'refunded@example.com' });
  const paid = await checkOut(buyer, 'wavering');
  const key = String(paid.json()['processor_key']);
  const refund = await broker('POST', `/api/billing/wavering/charges/${key}/refund`, { lines: [{ num: 0 }] });
  assert.equal(refund.status, 201, refund.text);
  const refunded_code = await findMailedCode('refunded@example.com');
  const guest = await registerCaller('turned-away', 'refunded@example.com');
  const refused = await postCode(guest, refunded_code);
  assert.deepEqual([refused.status, refused.json()['code']], [409, 'claim_refunded']);

  await buyer('POST', '/api/cart', { plan: plan.slug, sync_on: 'unpaid@example.com' });
  const pending = await checkOut(buyer, 'wavering', { processor_token: '4000000000000341' });
  assert.equal(pending.status, 201, pending.text);
  const pending_key = String(pending.json()['processor_key']);
  await app.db.updateTable('test_processor_charges').set({ state: 'failed' }).where('key', '=', pending_key).execute();
  const charge = await findCharge(app.db, pending_key);
  assert.ok(charge);
  await refreshCharge(ctx, charge);
  const code = await findMailedCode('unpaid@example.com');
  await ownAddress(app, 'turned-away', 'unpaid@example.com');
  const unpaid = await postCode(guest, code);
  assert.deepEqual([unpaid.status, unpaid.json()['code']], [409, 'claim_unpaid']);
  advanceClock(60_000);
  await buyer('GET', '/api/billing/wavering/checkout');
  const settled = await checkOut(buyer, 'wavering');
  assert.deepEqual([settled.status, settled.json()['amount']], [201, 2000], settled.text);
  assert.equal((await postCode(guest, code)).status, 200);
  assert.deepEqual((await verifyLedger(app.db)).violations, []);
});

test('a new code replaces the former one, at most once an hour; an expired code is refused', async () => {
  const buyer = await registerCaller('sender');
  const plan = await makePlan(ctx);
  await buyer('POST', '/api/cart', { plan: plan.slug, sync_on: 'again@example.com' });
  await checkOut(buyer, 'sender');
  const former = await findMailedCode('again@example.com');
  const results: unknown = (await buyer('GET', '/api/billing/sender/seats')).json()['results'];
  assert.ok(Array.isArray(results));
  const send = () => buyer('POST', `/api/billing/sender/seats/${results[0].id}/send`);
  const early = await send();
  assert.deepEqual([early.status, early.json()['code']], [429, 'seat_code_sent']);
  const before = (ms: number) => new Date(app.clock.now().getTime() - ms);
  await app.db
    .updateTable('claims')
    .set({ sent_at: before(3_600_000), expires_at: before(0) })
    .where('email', '=', 'again@example.com')
    .execute();
  const guest = await registerCaller('patient', 'again@example.com');
  const expired = await postCode(guest, former);
  assert.deepEqual([expired.status, expired.json()['code']], [409, 'claim_expired']);
  assert.equal((await send()).status, 200);
  const code = await findMailedCode('again@example.com');
  assert.notEqual(code, former);
  const replaced = await postCode(guest, former);
  assert.deepEqual([replaced.status, replaced.json()['code']], [400, 'coupon_useless'], 'the former code is unknown');
  assert.equal((await postCode(guest, code)).status, 200);
  const closed = await send();
  assert.deepEqual([closed.status, closed.json()['code']], [409, 'seat_closed']);
  const unknown = await buyer('POST', '/api/billing/sender/seats/999999/send');
  assert.deepEqual([unknown.status, unknown.json()['code']], [404, 'seat_unknown']);
});

test('the job settles an order for a seat after a crash, and the code is mailed once', async () => {
  const buyer = await registerCaller('unlucky');
  const plan = await makePlan(ctx);
  await buyer('POST', '/api/cart', { plan: plan.slug, sync_on: 'waiting@example.com' });
  const lost = await checkOut(buyer, 'unlucky', { processor_token: 'tok_timeout' });
  assert.equal(lost.status, 503);
  await app.tollgate.worker.drain();
  assert.deepEqual(app.tollgate.mailbox.list('waiting@example.com'), [], 'no code before the payment is known');
  advanceClock(90_000);
  await Promise.all([finishOrders(ctx), finishOrders(ctx)]);
  await findMailedCode('waiting@example.com');
  assert.equal(app.tollgate.mailbox.list('waiting@example.com').length, 1);
});

test('a name that is neither a profile nor an address is refused when it is added', async () => {
  const buyer = await registerCaller('typo');
  const plan = await makePlan(ctx);
  const refused = await buyer('POST', '/api/cart', { plan: plan.slug, sync_on: 'no-such-profile' });
  assert.equal(refused.status, 400);
  assert.ok('sync_on' in refused.json());
  await buyer('POST', '/api/cart', { plan: plan.slug });
  await app.db.updateTable('cart_items').set({ sync_on: 'no-such-profile' }).where('plan_id', '=', plan.id).execute();
  const stuck = await buyer('GET', '/api/billing/typo/checkout');
  assert.deepEqual([stuck.status, stuck.json()['code']], [400, 'beneficiary_unknown']);
});

test('a visitor with a claim code signs in first, and confirms on a page', async () => {
  const buyer = await registerCaller('host');
  const plan = await makePlan(ctx);
  await buyer('POST', '/api/cart', { plan: plan.slug, sync_on: 'visitor@example.com' });
  await checkOut(buyer, 'host');
  const code = await findMailedCode('visitor@example.com');
  await registerUser(app, 'visiting');
  await ownAddress(app, 'visiting', 'visitor@example.com');
  const browser = browserClient(app);
  const page = await browser.get(`/redeem/?code=${code}`);
  assert.match(page.text, /Your access is paid/);
  const posted = await browser.post('/redeem/', { code });
  assert.equal(posted.status, 303);
  assert.match(String(posted.headers['location']), /^\/login\//);
  await browser.post('/login/', { username: 'visiting', password: 'correct horse 7' });
  await browser.get(`/redeem/?code=${code}`);
  assert.equal((await browser.post('/redeem/', { code })).status, 303);
  const cart = await browser.get('/billing/visiting/checkout/');
  assert.match(cart.text, /paid by /);
  const seats = await browser.get('/billing/visiting/seats/');
  assert.match(seats.text, /Seats that you buy for other people/);
});
