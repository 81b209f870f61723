import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findUserByUsername } from '#accounts';
import { findProfileBySlug, type Profile } from '#profiles';
import { apiClient, registerUser } from '../../test/support/client.ts';
import { testContext, type TestContext } from '../../test/support/context.ts';
import { makePlan } from '../../test/support/factories/catalog.ts';
import { makeCharge } from '../../test/support/factories/payments.ts';
import { makeMember, makeOrganization } from '../../test/support/factories/profiles.ts';
import { subscribe } from '../../test/support/factories/subscriptions.ts';
import { startApp, type TestApp } from '../../test/support/start-app.ts';
import { connectBank } from './payouts/connected-account.ts';

let app: TestApp;
let ctx: TestContext;
let club: Profile;
let customer: Profile;
let xia: ReturnType<typeof apiClient>;
/** Manages the broker. */
let donny: ReturnType<typeof apiClient>;
/** Manages the club, to which xia subscribes. */
let alice: ReturnType<typeof apiClient>;
before(async () => {
  app = await startApp();
  ctx = await testContext(app.db);
  const sign_in = async (name: string) => apiClient(app, await registerUser(app, name));
  [xia, donny, alice] = [await sign_in('xia'), await sign_in('donny'), await sign_in('alice')];
  club = await makeOrganization(app.db, { slug: 'club', is_provider: true });
  await makeMember(app.db, { id: ctx.site.broker_id }, await userNamed('donny'), 'manager');
  await makeMember(app.db, club, await userNamed('alice'), 'manager');
  const found = await findProfileBySlug(app.db, 'xia');
  assert(found);
  customer = found;
  await subscribe(ctx, customer, await makePlan(ctx, { provider_id: club.id }));
});
after(() => app.close());

async function userNamed(username: string) {
  const user = await findUserByUsername(app.db, username);
  assert(user);
  return user;
}
const makePaidCharge = async (amounts: number[], provider = club.id) =>
  (await makeCharge(ctx, { payer: customer.id, provider, amounts })).charge;

test('a card is put on file, shown and removed by its owner', async () => {
  assert.deepEqual((await xia('GET', '/api/billing/xia/card')).json(), { processor: null });
  const put = await xia('PUT', '/api/billing/xia/card', { token: '4242424242424242', locality: 'Springfield' });
  assert.equal(put.status, 200, put.text);
  assert.equal(put.json()['last4'], '4242');
  assert.deepEqual((await xia('GET', '/api/billing/xia/card')).json(), {
    processor: null,
    last4: '4242',
    exp_date: '03/2027',
  });
  assert.equal((await findProfileBySlug(app.db, 'xia'))?.locality, 'Springfield');
  assert.equal(
    typeof (await xia('GET', '/api/billing/xia/card?update=1')).json<{ processor: object }>().processor,
    'object',
  );
  for (let time = 0; time < 2; time += 1) {
    const removed = await xia('DELETE', '/api/billing/xia/card');
    assert.deepEqual([removed.status, removed.text], [204, '']);
  }
  assert.deepEqual((await xia('GET', '/api/billing/xia/card')).json(), { processor: null });
});

test('a card without a token or with a declined one changes nothing', async () => {
  const absent = await xia('PUT', '/api/billing/xia/card', {});
  assert.deepEqual([absent.status, absent.json()['token']], [400, ['This field is required.']]);
  const declined = await xia('PUT', '/api/billing/xia/card', { token: 'tok_chargeDeclined' });
  assert.deepEqual(
    [declined.status, declined.json()['code'], declined.json()['decline_code']],
    [400, 'card_declined', 'card_declined'],
  );
  const unreachable = await xia('PUT', '/api/billing/xia/card', { token: 'tok_unreachable' });
  assert.deepEqual([unreachable.status, unreachable.json()['code']], [503, 'processor_unreachable']);
  assert.equal((await xia('PATCH', '/api/billing/xia/card', { region: 'OR' })).status, 200);
  assert.deepEqual((await xia('GET', '/api/billing/xia/card')).json(), { processor: null });
});

test('a provider can read but not change the card of a subscriber', async () => {
  assert.equal((await alice('GET', '/api/billing/xia/card')).status, 200);
  assert.equal((await alice('PUT', '/api/billing/xia/card', { token: 'tok_visa' })).status, 403);
  assert.equal((await alice('DELETE', '/api/billing/xia/card')).status, 403);
});

test('a charge is found only under the profile of its customer', async () => {
  const charge = await makePaidCharge([2000]);
  const shown = await xia('GET', `/api/billing/xia/charges/${charge.processor_key}`);
  assert.deepEqual(shown.json(), {
    created_at: ctx.clock.now().toISOString(),
    amount: 2000,
    unit: 'usd',
    readable_amount: '$20.00',
    description: `Charge ${charge.processor_key} on credit card of Joe Test`,
    last4: '1234',
    exp_date: '2027-03-01',
    processor_key: charge.processor_key,
    state: 'done',
  });
  const elsewhere = await donny('GET', `/api/billing/donny/charges/${charge.processor_key}`);
  assert.deepEqual([elsewhere.status, elsewhere.json()['code']], [404, 'charge_unknown']);
  assert.equal((await xia('GET', `/api/billing/donny/charges/${charge.processor_key}`)).status, 403);
});

test('reading a charge does not settle it', async () => {
  const { charge } = await makeCharge(ctx, { payer: customer.id, provider: club.id, token: 'tok_chargeAsyncFail' });
  const { processor_key } = charge;
  await app.db.updateTable('test_processor_charges').set({ state: 'done' }).where('key', '=', processor_key).execute();
  assert.equal((await xia('GET', `/api/billing/xia/charges/${processor_key}`)).json()['state'], 'created');
  const email = await xia('POST', `/api/billing/xia/charges/${processor_key}/email`);
  assert.deepEqual([email.status, email.json()['code']], [409, 'charge_unpaid']);
});

test('the receipt is mailed again on request', async () => {
  const { processor_key } = await makePaidCharge([2000]);
  const sent = await xia('POST', `/api/billing/xia/charges/${processor_key}/email`);
  assert.equal(sent.status, 201);
  assert.deepEqual(sent.json(), {
    charge_id: processor_key,
    email: 'xia@example.com',
    detail: 'A copy of the receipt was sent to xia@example.com.',
  });
  await app.db.updateTable('profiles').set({ email: '' }).where('id', '=', customer.id).execute();
  const nowhere = await xia('POST', `/api/billing/xia/charges/${processor_key}/email`);
  assert.deepEqual([nowhere.status, nowhere.json()['code']], [409, 'receipt_address_absent']);
});

test('a retried refund is made once, although the first response was lost in a crash', async () => {
  const { id, processor_key } = await makePaidCharge([3000]);
  const url = `/api/billing/xia/charges/${processor_key}/refund`;
  const ask = (refunded_amount: number) =>
    alice('POST', url, { lines: [{ num: 0, refunded_amount }] }, { 'idempotency-key': 'refund-1' });
  assert.equal((await ask(400)).status, 201);
  await app.db.deleteFrom('idempotency_records').where('key', '=', 'refund-1').execute();
  assert.equal((await ask(400)).json()['detail'], `$4.00 refunded successfully on charge ${processor_key}.`);
  assert.equal((await ask(500)).status, 422, 'another request needs another key');
  const refunds = await app.db.selectFrom('refunds').select('amount').where('charge_id', '=', id).execute();
  assert.deepEqual(refunds, [{ amount: 400 }]);
});

test('the refusal of a second open refund is not stored for its Idempotency-Key', async () => {
  const { id, processor_key } = await makePaidCharge([3000]);
  const url = `/api/billing/xia/charges/${processor_key}/refund`;
  const ask = () => alice('POST', url, { lines: [{ num: 0 }] }, { 'idempotency-key': 'refund-2' });
  const at = ctx.clock.now();
  const under_way = { key: 'a refund that is under way', charge_id: id, amount: 1, state: 'reserved' } as const;
  await app.db
    .insertInto('refunds')
    .values({ ...under_way, created_at: at, updated_at: at })
    .execute();
  const waiting = await ask();
  assert.deepEqual([waiting.status, waiting.json()['code']], [405, 'refund_in_flight']);
  await app.db.updateTable('refunds').set({ state: 'failed' }).where('key', '=', under_way.key).execute();
  assert.equal((await ask()).status, 201);
});

test('a provider refunds its own lines; a request refunds all of them or none', async () => {
  const { processor_key } = await makePaidCharge([3000, 8000]);
  const url = `/api/billing/xia/charges/${processor_key}/refund`;
  const lines = [
    { num: 0, refunded_amount: 400 },
    { num: 1, refunded_amount: 8000 },
  ];
  assert.equal((await xia('POST', url, { lines })).status, 403);
  assert.deepEqual((await alice('POST', url, {})).json()['lines'], ['This field is required.']);
  const refunded = await alice('POST', url, { lines });
  assert.equal(refunded.status, 201, refunded.text);
  assert.equal(refunded.json()['detail'], `$84.00 refunded successfully on charge ${processor_key}.`);
  const again = await alice('POST', url, { lines });
  assert.deepEqual([again.status, again.json()['code']], [405, 'refund_exceeds_line']);
  const beyond = await alice('POST', url, { lines: [{ num: 2 }] });
  assert.deepEqual([beyond.status, beyond.json()['code']], [404, 'charge_line_unknown']);
  assert.equal((await alice('POST', url, { lines: [{ num: 0, refunded_amount: -1 }] })).status, 400);
});

test('a provider cannot refund lines of another provider; the broker can', async () => {
  const { processor_key } = await makePaidCharge([2000], ctx.site.broker_id);
  const url = `/api/billing/xia/charges/${processor_key}/refund`;
  const refused = await alice('POST', url, { lines: [{ num: 0 }] });
  assert.deepEqual([refused.status, refused.json()['code']], [404, 'charge_unknown']);
  assert.equal((await donny('POST', url, { lines: [{ num: 0 }] })).status, 201);
});

test('the broker lists all charges, and the balance is the sum of the list', async () => {
  assert.equal((await xia('GET', '/api/billing/charges')).status, 403);
  const { processor_key } = await makePaidCharge([777]);
  await makePaidCharge([5000]);
  const one = (await donny('GET', `/api/billing/charges?q=${processor_key}`)).json<{
    count: number;
    balance_amount: number;
    balance_unit: string;
    results: { processor_key: string }[];
  }>();
  assert.deepEqual(
    [one.count, one.balance_amount, one.balance_unit, one.results[0]?.processor_key],
    [1, 777, 'usd', processor_key],
  );
  const none = (await donny('GET', '/api/billing/charges?start_at=2031-01-01')).json();
  assert.deepEqual([none['count'], none['balance_amount'], none['balance_unit']], [0, 0, 'usd']);
});

test('a connected provider gets the amount that can be paid out; other profiles have no bank', async () => {
  assert.equal((await alice('GET', '/api/billing/club/bank')).json()['bank_name'], 'N/A');
  await connectBank(ctx, club.id);
  const bank = (await alice('GET', '/api/billing/club/bank')).json<{ bank_name: string; balance_amount: number }>();
  assert.equal(bank.bank_name, 'Test Bank');
  assert(bank.balance_amount > 0);
  assert.deepEqual((await xia('GET', '/api/billing/xia/bank')).json(), {
    bank_name: 'N/A',
    last4: 'N/A',
    balance_amount: 0,
    balance_unit: 'usd',
  });
});

test('in development a route decides an open charge', async () => {
  const { charge } = await makeCharge(ctx, { payer: customer.id, provider: club.id, token: '4000000000000341' });
  const visitor = apiClient(app);
  const url = `/_dev/processor/charges/${charge.processor_key}`;
  assert.equal((await visitor('POST', url, { state: 'sideways' })).status, 400);
  assert.equal((await visitor('POST', '/_dev/processor/charges/ch_none', { state: 'done' })).status, 404);
  const decided = await visitor('POST', url, { state: 'done' });
  assert.deepEqual([decided.status, decided.json()['state']], [200, 'done']);
  assert.equal((await visitor('POST', url, { state: 'disputed' })).json()['state'], 'disputed');
  assert.equal((await visitor('POST', url, { state: 'won' })).json()['state'], 'done');
  const books = (await visitor('GET', '/_dev/processor')).json<Record<string, unknown[]>>();
  assert.deepEqual(Object.keys(books), ['customers', 'charges', 'refunds', 'payouts']);
});

test('in development a route decides the pending refund of a charge', async () => {
  const { charge } = await makeCharge(ctx, { payer: customer.id, provider: club.id, token: 'tok_refund_pending' });
  const url = `/api/billing/xia/charges/${charge.processor_key}/refund`;
  const refund = () => alice('POST', url, { lines: [{ num: 0, refunded_amount: 100 }] });
  const first = await refund();
  assert.equal(first.status, 201);
  assert.match(String(first.json()['detail']), /is being refunded/);
  assert.equal((await refund()).status, 405);
  const visitor = apiClient(app);
  const decide = `/_dev/processor/charges/${charge.processor_key}/refund`;
  assert.equal((await visitor('POST', decide, { state: 'succeeded' })).status, 200);
  assert.equal((await visitor('POST', decide, { state: 'succeeded' })).status, 404);
  assert.equal((await refund()).status, 201);
});

test('the customer, its providers and the broker may read the ledger of a profile', async () => {
  for (const name of ['balance', 'history']) {
    const url = `/api/billing/xia/${name}`;
    const own = await xia('GET', url);
    assert.equal(own.status, 200, own.text);
    assert.equal((await alice('GET', url)).status, 200);
    assert.equal((await donny('GET', url)).status, 200);
    assert.equal((await apiClient(app)('GET', url)).status, 401);
  }
  assert.equal((await xia('GET', '/api/billing/club/receivables')).status, 403);
  assert.equal((await alice('GET', '/api/billing/club/receivables')).status, 200);
  assert.equal((await alice('GET', '/api/billing/club/transfers')).status, 200);
  assert.equal((await alice('GET', '/api/billing/transactions')).status, 403);
  const ledger = (await donny('GET', '/api/billing/transactions?selector=Receivable')).json<{
    balances: unknown[];
    results: Record<string, unknown>[];
  }>();
  assert.deepEqual(Object.keys(ledger.results[0] ?? {}).toSorted(), [
    'amount',
    'created_at',
    'description',
    'dest_account',
    'dest_amount',
    'dest_profile',
    'dest_unit',
    'is_debit',
    'orig_account',
    'orig_amount',
    'orig_profile',
    'orig_unit',
  ]);
  const late = await xia('GET', '/api/billing/xia/history?start_at=yesterday');
  assert.deepEqual([late.status, Object.keys(late.json())], [400, ['start_at', 'code']]);
});
