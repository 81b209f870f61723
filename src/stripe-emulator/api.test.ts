import assert from 'node:assert/strict';
import { test } from 'node:test';
import Stripe from 'stripe';
import { failureOf, startStripe } from '../../test/support/stripe-emulator.ts';

const DAY_S = 86_400;
const order = {
  amount: 2000,
  currency: 'usd',
  confirm: true,
  capture_method: 'automatic',
  automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
} as const;

/** Sends a form without the package. */
async function post(url: string, body: string, headers: Record<string, string> = {}): Promise<[number, string]> {
  const response = await fetch(url, {
    method: 'POST',
    body,
    headers: {
      authorization: 'Bearer sk_test_tollgate',
      'content-type': 'application/x-www-form-urlencoded',
      ...headers,
    },
  });
  return [response.status, await response.text()];
}

test('S3 parameters are parsed back equal, and limits are refused', async () => {
  await using site = await startStripe();
  const { stripe, emulator } = site;
  const texts = { a: '1+1=2', b: 'Grüße & 日本 %', c: 'x'.repeat(500), 'k[x]': 'bracket', d: ' both [ends] ' };
  const customer = await stripe.customers.create({ metadata: texts, name: 'Ünï', preferred_locales: ['de', 'en'] });
  assert.deepEqual({ ...customer.metadata }, texts);
  assert.deepEqual(customer.preferred_locales, ['de', 'en']);
  const cleared = await stripe.customers.update(customer.id, { name: '', metadata: { a: '' }, preferred_locales: [] });
  assert.deepEqual([cleared.name, cleared.metadata['a'], cleared.metadata['b']], [null, undefined, texts.b]);
  assert.deepEqual({ ...(await stripe.customers.update(customer.id, { metadata: '' })).metadata }, {});
  assert.equal((await stripe.customers.list({ created: { lt: new Date('2030-01-01') } as never })).data.length, 1);
  const cases: [params: string, param: string | undefined, code: string | undefined][] = [
    [`metadata[a]=${'x'.repeat(600)}`, 'metadata[a]', undefined],
    [`metadata[${'k'.repeat(41)}]=1`, `metadata[${'k'.repeat(41)}]`, undefined],
    ['colour=red', 'colour', 'parameter_unknown'],
    ['__proto__[x]=1', '__proto__[x]', 'parameter_unknown'],
    ['metadata[__proto__]=1', 'metadata[__proto__]', 'parameter_unknown'],
    ['payment_method=', 'payment_method', 'parameter_invalid_empty'],
    [`a${'[b]'.repeat(10)}=1`, `a${'[b]'.repeat(10)}`, undefined],
    [Array.from({ length: 1001 }, (_, at) => `metadata[k${at}]=1`).join('&'), undefined, undefined],
    ['email=nobody', 'email', 'email_invalid'], // quoted input
  ];
  for (const [params, param, code] of cases) {
    const [status, body] = await post(`${emulator.url}/v1/customers`, params);
    const { error } = JSON.parse(body) as { error: { param?: string; code?: string } };
    assert.deepEqual([status, error.param, error.code], [400, param, code], params.slice(0, 60));
  }
  assert.equal((await post(`${emulator.url}/v1/customers`, 'x'.repeat(1024 * 1024 + 1)))[0], 413);
});

test('S4 250 customers are listed once each in both directions while one is added', async () => {
  await using site = await startStripe();
  const { stripe } = site;
  const ids: string[] = [];
  for (let at = 0; at < 250; at++) ids.push((await stripe.customers.create()).id);
  const forwards: string[] = [];
  for await (const { id } of stripe.customers.list({ limit: 7 })) {
    forwards.push(id);
    if (forwards.length === 20) await stripe.customers.create();
  }
  assert.deepEqual(forwards, ids.toReversed());
  const oldest = ids[0] ?? '';
  const backwards: string[] = [];
  for await (const { id } of stripe.customers.list({ limit: 7, ending_before: oldest })) backwards.push(id);
  assert.deepEqual(backwards.slice(0, 249), ids.slice(1));
  assert.equal((await failureOf(stripe.customers.list({ starting_after: 'cus_x' }))).param, 'starting_after');
});

test('S5 a search is paged, lags behind and hides the newest with late_list', async () => {
  await using site = await startStripe();
  const { stripe, emulator } = site;
  for (let at = 0; at < 5; at++) await stripe.customers.create({ metadata: { site: 'a' } });
  await stripe.customers.create({ metadata: { site: 'b' } });
  const query = "metadata['site']:'a'";
  const pages: number[] = [];
  let page: string | undefined;
  do {
    const found = await stripe.customers.search({ query, limit: 2, ...(page === undefined ? {} : { page }) });
    pages.push(found.data.length);
    page = found.next_page ?? undefined;
  } while (page !== undefined);
  assert.deepEqual(pages, [2, 2, 1]);
  const counted = await stripe.customers.search({ query, limit: 1, expand: ['total_count'] });
  assert.equal(counted.total_count, 5);
  emulator.control.change({ search_lag_s: 60 });
  assert.equal((await stripe.customers.search({ query })).data.length, 0);
  await emulator.control.advance(60);
  assert.equal((await stripe.customers.search({ query })).data.length, 5);
  await stripe.customers.create({ metadata: { site: 'a' } });
  emulator.control.addFault({ name: 'late_list', values: { s: '30' } });
  assert.equal((await stripe.customers.list({ limit: 100 })).data.length, 6);
  assert.equal((await failureOf(stripe.customers.search({ query: 'x' }))).param, 'query');
});

test('S6 objects are expanded to depth 4 and through lists; another path is refused', async () => {
  await using site = await startStripe();
  const { stripe } = site;
  const customer = await stripe.customers.create();
  const { id } = await stripe.paymentIntents.create({
    ...order,
    customer: customer.id,
    payment_method: 'pm_card_visa',
  });
  await stripe.refunds.create({ payment_intent: id, amount: 500 });
  const expand = ['data.latest_charge.refunds.data.balance_transaction.source', 'data.customer'];
  const { data } = await stripe.paymentIntents.list({ customer: customer.id, expand });
  const charge = data[0]?.latest_charge as Stripe.Charge;
  const movement = charge.refunds?.data[0]?.balance_transaction as Stripe.BalanceTransaction;
  const refund = movement.source as Stripe.Refund;
  assert.equal(refund.charge, charge.id);
  assert.equal((data[0]?.customer as Stripe.Customer).id, customer.id);
  for (const path of [
    'colour',
    'latest_charge.colour',
    'latest_charge.customer.invoice_settings.default_payment_method.customer.x',
  ])
    assert.equal((await failureOf(stripe.paymentIntents.retrieve(id, { expand: [path] }))).statusCode, 400, path);
});

test('S8 a key replays its answer, 402 included, for 24 hours and per account', async () => {
  await using site = await startStripe({ accounts: ['acct_club'] });
  const { stripe, emulator } = site;
  const key = { idempotencyKey: 'k1' };
  const first = await stripe.customers.create({ name: 'A', email: 'a@example.com' }, key);
  const again = await stripe.customers.create({ email: 'a@example.com', name: 'A' }, key);
  assert.equal(again.id, first.id);
  assert.equal(again.lastResponse.headers['idempotent-replayed'], 'true');
  assert.equal(again.lastResponse.headers['original-request'], first.lastResponse.requestId);
  const other = await failureOf(stripe.customers.create({ name: 'B' }, key));
  assert.ok(other instanceof Stripe.errors.StripeIdempotencyError);
  const there = await stripe.customers.create({ name: 'A' }, { ...key, stripeAccount: 'acct_club' });
  assert.notEqual(there.id, first.id);

  const declined = { ...order, payment_method: 'pm_card_chargeDeclined' };
  const refusals = [
    await failureOf(stripe.paymentIntents.create(declined, { idempotencyKey: 'k2' })),
    await failureOf(stripe.paymentIntents.create(declined, { idempotencyKey: 'k2' })),
  ];
  assert.equal(new Set(refusals.map(({ payment_intent }) => payment_intent?.id)).size, 1);
  assert.equal((await stripe.events.list({ type: 'charge.failed' })).data.length, 1);

  const slow = { headers: { 'Tollgate-Emulator-Fault': 'slow;ms=150' }, idempotencyKey: 'k3' };
  const pending = stripe.customers.create({}, slow);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const busy = await failureOf(stripe.customers.create({}, { idempotencyKey: 'k3' }));
  assert.deepEqual([busy.statusCode, busy.code], [409, 'idempotency_key_in_use']);
  const done = await pending;
  assert.equal((await stripe.customers.create({}, { idempotencyKey: 'k3' })).id, done.id);

  await emulator.control.advance(DAY_S + 1);
  assert.notEqual((await stripe.customers.create({ name: 'B' }, key)).id, first.id);
});

test('S11 objects belong to one account; an unknown account is refused', async () => {
  await using site = await startStripe({ accounts: ['acct_club'] });
  const { stripe } = site;
  const own = await stripe.customers.create();
  const theirs = await stripe.customers.create({}, { stripeAccount: 'acct_club' });
  assert.equal((await stripe.customers.retrieve(theirs.id, {}, { stripeContext: 'acct_club' })).id, theirs.id);
  for (const call of [
    stripe.customers.retrieve(theirs.id),
    stripe.customers.retrieve(own.id, {}, { stripeAccount: 'acct_club' }),
  ]) {
    const error = await failureOf(call);
    assert.deepEqual([error.statusCode, error.code], [404, 'resource_missing']);
  }
  const unknown = await failureOf(stripe.customers.create({}, { stripeAccount: 'acct_other' }));
  assert.deepEqual([unknown.statusCode, unknown.code], [403, 'account_invalid']);
});

test('S12 keys: unknown, publishable, restricted, revoked and live', async () => {
  const keys = [
    'sk_test_tollgate',
    'pk_test_tollgate',
    'sk_live_tollgate',
    { key: 'rk_test_reader', permissions: ['customer_read'] },
  ];
  await using site = await startStripe({ keys });
  const { stripe, connect, emulator } = site;
  const customer = await stripe.customers.create();
  assert.equal((await failureOf(connect('sk_test_other').customers.list())).statusCode, 401);
  assert.equal((await failureOf(connect('pk_test_tollgate').customers.list())).code, 'secret_key_required');
  const reader = connect('rk_test_reader');
  assert.equal((await reader.customers.retrieve(customer.id)).id, customer.id);
  const refused = await failureOf(reader.customers.create());
  assert.deepEqual([refused.statusCode, refused.code], [403, 'more_permissions_required']);
  assert.match(refused.message, /customer_write/);
  const live = await connect('sk_live_tollgate').customers.create();
  assert.equal(live.livemode, true);
  assert.equal((await failureOf(stripe.customers.retrieve(live.id))).statusCode, 404);
  await fetch(`${emulator.url}/_emulator/keys/rk_test_reader`, { method: 'POST', body: '{"revoke":true}' });
  assert.equal((await failureOf(reader.customers.list())).code, 'api_key_expired');
});

test('the control API refuses pages of other origins', async () => {
  await using site = await startStripe();
  const { url } = site.emulator;
  const reset = (headers: Record<string, string>) =>
    fetch(`${url}/_emulator/reset`, { method: 'POST', headers, body: '{}' }).then(({ status }) => status);
  assert.equal(await reset({ origin: 'https://example.com' }), 403);
  assert.equal(await reset({ origin: url }), 200);
  assert.equal((await site.stripe.customers.list()).data.length, 0, 'keys survive a reset');
});
