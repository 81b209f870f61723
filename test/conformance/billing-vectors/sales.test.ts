import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findBalance, verifyLedger } from '#ledger';
import { findProfileBySlug } from '#profiles';
import { apiClient, registerUser } from '../../support/client.ts';
import type { TestContext } from '../../support/context.ts';
import { makeCoupon, makePlan } from '../../support/factories/catalog.ts';
import { rowsPostedBy } from '../../support/ledger-rows.ts';
import { registerBrokerManager, registerProvider } from '../../support/register-managers.ts';
import { runJob } from '../../support/run-job.ts';
import { startApp, type TestApp } from '../../support/start-app.ts';

// Sales of spec billing.md §2 and Appendix C, over HTTP, with every row of the ledger.

type Call = ReturnType<typeof apiClient>;

let app: TestApp;
let ctx: TestContext;
let broker: Call;
before(async () => {
  app = await startApp();
  app.clock.set(new Date('2027-01-10T10:00:00Z'));
  ctx = { ...(await app.tollgate.makeContext('test')), clock: app.clock };
  broker = await registerBrokerManager(app, 'operator');
});
after(() => app.close());

const registerBuyer = async (name: string): Promise<Call> => apiClient(app, await registerUser(app, name));

/** Checks out the cart as it is shown; requires the status. */
async function pay(call: Call, name: string, status = 201, body: object = {}) {
  const shown = await call('GET', `/api/billing/${name}/checkout`);
  assert.equal(shown.status, 200, shown.text);
  const paid = await call('POST', `/api/billing/${name}/checkout`, { processor_token: 'tok_visa', ...body });
  assert.equal(paid.status, status, paid.text);
  return paid;
}

async function balancesOf(slug: string, accounts: readonly Parameters<typeof findBalance>[2][]): Promise<number[]> {
  const profile = await findProfileBySlug(app.db, slug);
  assert.ok(profile);
  const amounts = [];
  for (const account of accounts) amounts.push((await findBalance(app.db, profile.id, account))[0]?.amount ?? 0);
  return amounts;
}

test('C1 a prepaid year: order, settlement and a refund of one month', async () => {
  const call = await registerBuyer('c-one');
  const plan = await makePlan(ctx, {
    period_amount: 9000,
    advance_discounts: [{ discount_type: 'percentage', discount_value: 1000, length: 12 }],
  });
  await call('POST', '/api/cart', { plan: plan.slug, option: 2 });
  let key = '';
  const sold = await rowsPostedBy(app, async () => {
    key = String((await pay(call, 'c-one')).json()['processor_key']);
  });
  assert.deepEqual(sold, [
    'sub_1/ cowork:Receivable→c-one:Payable 97200',
    'cha_1/ c-one:Liability→stripe:Funds 97200',
    'sub_1/ c-one:Payable→c-one:Liability 97200',
    'cha_1/ stripe:Backlog→cowork:Expenses 2849',
    'sub_1/ cowork:Backlog→cowork:Receivable 97200',
    'cha_1/ stripe:Funds→cowork:Funds 94351',
  ]);
  const history = await call('GET', '/api/billing/c-one/history');
  assert.match(
    history.text,
    new RegExp(`Subscription to ${plan.slug} until 2028/01/10 \\(12 months\\) - a 10% discount`),
  );
  const subscription = await call('GET', `/api/profile/c-one/subscriptions/${plan.slug}`);
  assert.equal(subscription.json()['ends_at'], '2028-01-10T10:00:00.000Z');

  const refunded = await rowsPostedBy(app, () =>
    broker('POST', `/api/billing/c-one/charges/${key}/refund`, { lines: [{ num: 0, refunded_amount: 8100 }] }),
  );
  // The job at 15 March recognised two of twelve months; a refund stops nothing.
  const recognised = await rowsPostedBy(app, () =>
    runJob(app.tollgate, 'recognise_income', new Date('2027-03-15T00:00:00Z')),
  );
  assert.deepEqual(recognised, [
    'sub_1/ cowork:Income→cowork:Backlog 8100',
    'sub_1/ cowork:Income→cowork:Backlog 8100',
  ]);
  const rest = await rowsPostedBy(app, () =>
    runJob(app.tollgate, 'recognise_income', new Date('2028-02-15T00:00:00Z')),
  );
  assert.deepEqual(
    rest,
    Array.from({ length: 10 }, () => 'sub_1/ cowork:Income→cowork:Backlog 8100'),
  );
  const last = await app.db
    .selectFrom('ledger_entries')
    .select(['created_at', 'description'])
    .where('orig_account', '=', 'Income')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  assert.deepEqual(last, {
    created_at: new Date('2028-01-10T09:59:59Z'),
    description: `Recognize c-one:${plan.slug} from 2027-12-10 to 2028-01-09`,
  });
  // [NEW] of §2.8: each share in proportion to the line, 237 of the fee in place of 235.
  assert.deepEqual(refunded, [
    'cha_1/1/ c-one:Refunded→cowork:Refund 8100',
    'cha_1/1/ stripe:Funds→stripe:Refund 237',
    'cha_1/1/ cowork:Funds→stripe:Refund 7863',
  ]);
  assert.deepEqual(await balancesOf('c-one', ['Liability', 'Payable', 'Refunded']), [0, 0, -8100]);
  const balance = (await call('GET', '/api/billing/c-one/balance')).json();
  assert.equal(balance['balance_amount'], 0, 'a refund leaves the statement balance at 0');
});

test('C2 §2.5 example A: one order of 20.00 without broker fee', async () => {
  const call = await registerBuyer('c-two');
  const plan = await makePlan(ctx);
  await call('POST', '/api/cart', { plan: plan.slug });
  assert.deepEqual(await rowsPostedBy(app, () => pay(call, 'c-two')), [
    'sub_1/ cowork:Receivable→c-two:Payable 2000',
    'cha_1/ c-two:Liability→stripe:Funds 2000',
    'sub_1/ c-two:Payable→c-two:Liability 2000',
    'cha_1/ stripe:Backlog→cowork:Expenses 88',
    'sub_1/ cowork:Backlog→cowork:Receivable 2000',
    'cha_1/ stripe:Funds→cowork:Funds 1912',
  ]);
});

test('C3 and C5 §2.5 example B: a provider with a broker fee of 10 %, refunded in two steps', async () => {
  const call = await registerBuyer('c-three');
  const { profile: club } = await registerProvider(app, 'club-manager', 'club');
  const plan = await makePlan(ctx, { provider_id: club.id, period_amount: 17_999, broker_fee_percent: 1000 });
  await call('POST', '/api/cart', { plan: plan.slug });
  let key = '';
  const sold = await rowsPostedBy(app, async () => {
    key = String((await pay(call, 'c-three')).json()['processor_key']);
  });
  assert.deepEqual(sold, [
    'sub_1/ club:Receivable→c-three:Payable 17999',
    'cha_1/ c-three:Liability→stripe:Funds 17999',
    'sub_1/ c-three:Payable→c-three:Liability 17999',
    'cha_1/ stripe:Backlog→cowork:Expenses 552',
    'cha_1/ cowork:Backlog→club:Expenses 2351',
    'cha_1/ stripe:Funds→cowork:Funds 1799',
    'sub_1/ club:Backlog→club:Receivable 17999',
    'cha_1/ stripe:Funds→club:Funds 15648',
  ]);
  const refund = (refunded_amount: number) =>
    broker('POST', `/api/billing/c-three/charges/${key}/refund`, { lines: [{ num: 0, refunded_amount }] });
  const steps = [await rowsPostedBy(app, () => refund(4000)), await rowsPostedBy(app, () => refund(13_999))];
  for (const [index, amount] of [4000, 13_999].entries()) {
    const [paid, ...returned] = steps[index] ?? [];
    assert.equal(paid, `cha_1/1/ c-three:Refunded→club:Refund ${amount}`);
    assert.deepEqual(
      returned.map((row) => row.replace(/ \d+$/, '')),
      [
        'cha_1/1/ stripe:Funds→stripe:Refund',
        'cha_1/1/ cowork:Funds→stripe:Refund',
        'cha_1/1/ club:Funds→stripe:Refund',
      ],
    );
    const parts = returned.map((row) => Number(/\d+$/.exec(row)?.[0]));
    assert.equal(
      parts.reduce((sum, part) => sum + part, 0),
      amount,
      'the shares add up to the refund',
    );
  }
  assert.deepEqual(await balancesOf('club', ['Funds']), [0], 'the refunds take all that the provider received');
});

test('C4 §2.5 example C: two lines share the fee exactly, 117 + 58 of 175', async () => {
  const call = await registerBuyer('c-four');
  const [first, second] = [await makePlan(ctx, { period_amount: 3333 }), await makePlan(ctx, { period_amount: 1667 })];
  await call('POST', '/api/cart', [{ plan: first.slug }, { plan: second.slug }]);
  assert.deepEqual(await rowsPostedBy(app, () => pay(call, 'c-four')), [
    'sub_1/ cowork:Receivable→c-four:Payable 3333',
    'sub_2/ cowork:Receivable→c-four:Payable 1667',
    'cha_1/ c-four:Liability→stripe:Funds 5000',
    'sub_1/ c-four:Payable→c-four:Liability 3333',
    'cha_1/ stripe:Backlog→cowork:Expenses 117',
    'sub_1/ cowork:Backlog→cowork:Receivable 3333',
    'cha_1/ stripe:Funds→cowork:Funds 3216',
    'sub_2/ c-four:Payable→c-four:Liability 1667',
    'cha_1/ stripe:Backlog→cowork:Expenses 58',
    'sub_2/ cowork:Backlog→cowork:Receivable 1667',
    'cha_1/ stripe:Funds→cowork:Funds 1609',
  ]);
});

test('several providers in one order: each receives its own lines, fees are exact', async () => {
  const call = await registerBuyer('two-sellers');
  const { profile: north } = await registerProvider(app, 'north-manager', 'north');
  const { profile: south } = await registerProvider(app, 'south-manager', 'south');
  const plans = [
    await makePlan(ctx, { provider_id: north.id, period_amount: 3333, broker_fee_percent: 1000 }),
    await makePlan(ctx, { provider_id: south.id, period_amount: 1667, broker_fee_percent: 500 }),
  ];
  await call(
    'POST',
    '/api/cart',
    plans.map(({ slug }) => ({ plan: slug })),
  );
  const rows = await rowsPostedBy(app, () => pay(call, 'two-sellers'));
  assert.deepEqual(
    rows.filter((row) => / stripe:(?:Backlog|Funds)→/.test(row)),
    [
      'cha_1/ stripe:Backlog→cowork:Expenses 117',
      'cha_1/ stripe:Funds→cowork:Funds 333',
      'cha_1/ stripe:Funds→north:Funds 2883',
      'cha_1/ stripe:Backlog→cowork:Expenses 58',
      'cha_1/ stripe:Funds→cowork:Funds 83',
      'cha_1/ stripe:Funds→south:Funds 1526',
    ],
  );
});

test('C14 §2.16 a free order: 200 with an empty object, one row of 0, no charge, the item leaves the cart', async () => {
  const call = await registerBuyer('c-free');
  const plan = await makePlan(ctx);
  const coupon = await makeCoupon(ctx, { discount_value: 10_000 });
  await call('POST', '/api/cart', { plan: plan.slug });
  await call('POST', '/api/cart/redeem', { code: coupon.code });
  const rows = await rowsPostedBy(app, async () =>
    assert.deepEqual((await pay(call, 'c-free', 200, { processor_token: null })).json(), {}),
  );
  assert.deepEqual(rows, ['sub_1/ cowork:Receivable→c-free:Payable 0']);
  assert.equal((await call('GET', '/api/profile/c-free/subscriptions')).json()['count'], 1);
  assert.deepEqual((await call('GET', '/api/billing/c-free/checkout')).json()['results'], []);
});

test('C15 a declined card: 400, nothing is written, the cart and the attempts of the coupon stay', async () => {
  const call = await registerBuyer('c-declined');
  const plan = await makePlan(ctx);
  const coupon = await makeCoupon(ctx, { nb_attempts: 1 });
  await call('POST', '/api/cart', { plan: plan.slug });
  await call('POST', '/api/cart/redeem', { code: coupon.code });
  const rows = await rowsPostedBy(app, async () => {
    const refused = await pay(call, 'c-declined', 400, { processor_token: 'tok_chargeDeclined' });
    assert.deepEqual(
      Object.keys(refused.json()).filter((name) => name === 'detail'),
      ['detail'],
    );
  });
  assert.deepEqual(rows, []);
  const left = await app.db.selectFrom('coupons').select('nb_attempts').where('id', '=', coupon.id).executeTakeFirst();
  assert.equal(left?.nb_attempts, 1);
  assert.equal((await call('GET', '/api/profile/c-declined/subscriptions')).json()['count'], 0);
  assert.equal((await pay(call, 'c-declined')).json()['amount'], 1000, 'the coupon still applies');
});

test('C16 two checkouts of one cart at the same time: one charge', async () => {
  const call = await registerBuyer('c-twice');
  const plan = await makePlan(ctx);
  await call('POST', '/api/cart', { plan: plan.slug });
  await call('GET', '/api/billing/c-twice/checkout');
  const send = () => call('POST', '/api/billing/c-twice/checkout', { processor_token: 'tok_visa' });
  const replies = await Promise.all([send(), send(), send()]);
  assert.equal(replies.filter(({ status }) => status === 201).length, 1);
  // One that comes after the first is settled finds an empty cart: there is nothing to pay.
  assert.ok(replies.every(({ status, text }) => [201, 409].includes(status) || text === '{}'));
  const charges = await app.db
    .selectFrom('charges')
    .innerJoin('profiles', 'profiles.id', 'charges.profile_id')
    .select('charges.id')
    .where('slug', '=', 'c-twice')
    .execute();
  assert.equal(charges.length, 1);
  assert.equal((await call('GET', '/api/profile/c-twice/subscriptions')).json()['count'], 1);
});

test('C18 §5.4 unsubscribing ends the subscription now and writes no row', async () => {
  const call = await registerBuyer('c-leaver');
  const plan = await makePlan(ctx);
  await call('POST', '/api/cart', { plan: plan.slug });
  await pay(call, 'c-leaver');
  app.clock.set(new Date(app.clock.now().getTime() + 3_600_000));
  const rows = await rowsPostedBy(app, async () => {
    const url = `/api/profile/c-leaver/subscriptions/${plan.slug}`;
    assert.deepEqual([(await call('DELETE', url)).status, (await call('DELETE', url)).status], [204, 204]);
  });
  assert.deepEqual(rows, []);
  app.clock.set(new Date(app.clock.now().getTime() + 1000));
  assert.equal((await call('GET', '/api/profile/c-leaver/subscriptions')).json()['count'], 0);
  const ended = (await call('GET', '/api/profile/c-leaver/subscriptions/expired')).json<{
    results: { auto_renew: boolean }[];
  }>();
  assert.deepEqual(
    ended.results.map(({ auto_renew }) => auto_renew),
    [false],
  );
});

test('the ledger verifies after every vector', async () => {
  assert.deepEqual((await verifyLedger(app.db)).violations, []);
});
