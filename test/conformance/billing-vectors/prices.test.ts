import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Coupon, Plan } from '#catalog';
import { apiClient, registerUser } from '../../support/client.ts';
import type { TestContext } from '../../support/context.ts';
import { makeCoupon, makePlan } from '../../support/factories/catalog.ts';
import { rowsPostedBy } from '../../support/ledger-rows.ts';
import { registerBrokerManager } from '../../support/register-managers.ts';
import { startApp, type TestApp } from '../../support/start-app.ts';

// Prices of spec billing.md §3, as GET checkout shows them and POST checkout books them.

type Call = ReturnType<typeof apiClient>;
interface Shown {
  results: { lines: { dest_amount: number; description: string }[]; options: { dest_amount: number }[] }[];
}

let app: TestApp;
let ctx: TestContext;
before(async () => {
  app = await startApp();
  ctx = { ...(await app.tollgate.makeContext('test')), clock: app.clock };
});
after(() => app.close());

let count = 0;
async function registerBuyer(): Promise<{ call: Call; name: string }> {
  count += 1;
  const name = `price-${count}`;
  return { call: apiClient(app, await registerUser(app, name)), name };
}

async function show(call: Call, name: string): Promise<Shown['results']> {
  const shown = await call('GET', `/api/billing/${name}/checkout`);
  assert.equal(shown.status, 200, shown.text);
  return shown.json<Shown>().results;
}

/** Returns the amounts that a buyer of a plan chooses from; those of the line, when nothing is left to choose. */
async function amountsOf(plan: Plan, coupon: Coupon | null): Promise<number[]> {
  const { call, name } = await registerBuyer();
  await call('POST', '/api/cart', { plan: plan.slug });
  if (coupon) assert.equal((await call('POST', '/api/cart/redeem', { code: coupon.code })).status, 200);
  const [item] = await show(call, name);
  return [...(item?.lines ?? []), ...(item?.options ?? [])].map(({ dest_amount }) => dest_amount);
}

const matrix = () =>
  makePlan(ctx, {
    period_amount: 9000,
    advance_discounts: [
      { discount_type: 'percentage', discount_value: 1000, length: 12 },
      { discount_type: 'currency', discount_value: 1000, length: 12 },
      { discount_type: 'period', discount_value: 2, length: 12 },
      { discount_type: 'percentage', discount_value: 1234, length: 3 },
    ],
  });

test('C6 §3.4 each coupon of three kinds with each advance discount of three kinds', async () => {
  const plan = await matrix();
  const cases: [Partial<Pick<Coupon, 'discount_type' | 'discount_value'>> | null, number[]][] = [
    [null, [9000, 23_600, 97_200, 107_000, 90_000]],
    [{ discount_type: 'percentage', discount_value: 5000 }, [4500, 11_800, 48_600, 53_500, 45_000]],
    [{ discount_type: 'currency', discount_value: 5000 }, [4000, 18_600, 92_200, 102_000, 85_000]],
    [{ discount_type: 'period', discount_value: 1 }, [0, 14_600, 88_200, 98_000, 81_000]],
    [{ discount_type: 'percentage', discount_value: 3333 }, [6001, 15_735, 64_804, 71_337, 60_003]],
    [{ discount_type: 'percentage', discount_value: 10_000 }, [0]],
  ];
  for (const [discount, amounts] of cases) {
    const coupon = discount && (await makeCoupon(ctx, discount));
    assert.deepEqual(await amountsOf(plan, coupon), amounts, JSON.stringify(discount));
  }
});

test('C7 §3.1 a period ends on the last day of a shorter month', async () => {
  const cases: [string, Partial<Parameters<typeof makePlan>[1]>, string][] = [
    ['2028-02-29T10:00:00Z', { period_type: 'monthly' }, '2028-03-29'],
    ['2028-02-29T10:00:00Z', { period_type: 'monthly', period_length: 13 }, '2029-03-29'],
    ['2028-02-29T10:00:00Z', { period_type: 'yearly' }, '2029-02-28'],
    ['2028-02-29T10:00:00Z', { period_type: 'weekly', period_length: 2 }, '2028-03-14'],
    ['2030-01-31T10:00:00Z', { period_type: 'monthly' }, '2030-02-28'],
    ['2030-01-31T10:00:00Z', { period_type: 'monthly', period_length: 13 }, '2031-02-28'],
    ['2030-01-31T10:00:00Z', { period_type: 'yearly' }, '2031-01-31'],
    ['2030-01-31T10:00:00Z', { period_type: 'weekly', period_length: 2 }, '2030-02-14'],
  ];
  for (const [from, sample, end] of cases) {
    app.clock.set(new Date(from));
    const plan = await makePlan(ctx, { ...sample, period_amount: 0 });
    const { call, name } = await registerBuyer();
    await call('POST', '/api/cart', { plan: plan.slug });
    await show(call, name);
    assert.equal((await call('POST', `/api/billing/${name}/checkout`, {})).status, 200);
    const found = await call('GET', `/api/profile/${name}/subscriptions/${plan.slug}`);
    assert.equal(found.json()['ends_at'], `${end}T10:00:00.000Z`, `${from} ${JSON.stringify(sample)}`);
  }
});

test('§3.5 the setup fee is a line of its own with the first order, and none with the next', async () => {
  const { call, name } = await registerBuyer();
  const plan = await makePlan(ctx, { setup_amount: 500 });
  const coupon = await makeCoupon(ctx, { plan_id: plan.id });
  const buy = async () => {
    await call('POST', '/api/cart', { plan: plan.slug });
    await call('POST', '/api/cart/redeem', { code: coupon.code });
    const [item] = await show(call, name);
    await call('POST', `/api/billing/${name}/checkout`, { processor_token: 'tok_visa' });
    return item?.lines.map(({ dest_amount }) => dest_amount);
  };
  let lines: number[] | undefined;
  const rows = await rowsPostedBy(app, async () => {
    lines = await buy();
  });
  assert.deepEqual(lines, [1000, 500], 'the coupon does not lower the setup fee');
  assert.deepEqual(
    rows.filter((row) => row.includes('Receivable→')),
    [`sub_1/ cowork:Receivable→${name}:Payable 1000`, `sub_1/ cowork:Receivable→${name}:Payable 500`],
  );
  app.clock.set(new Date(app.clock.now().getTime() + 60_000));
  assert.deepEqual(await buy(), [1000]);
});

test('§3.5 unlock events: the free entry is taken once per provider, also under another plan or after the end', async () => {
  const { call, name } = await registerBuyer();
  const report = { period_amount: 9900, unlock_event: 'download the report' };
  const [plan, second] = [await makePlan(ctx, report), await makePlan(ctx, report)];
  await call('POST', '/api/cart', { plan: plan.slug });
  const [item] = await show(call, name);
  assert.deepEqual(
    item?.options.map(({ dest_amount }) => dest_amount),
    [9900, 0],
  );
  const free = await call('POST', `/api/billing/${name}/checkout`, { items: [{ option: 2 }] });
  assert.deepEqual([free.status, free.json()], [200, {}], free.text);
  const url = `/api/profile/${name}/subscriptions/${plan.slug}`;
  const running = await call('GET', url);
  assert.ok(new Date(String(running.json()['ends_at'])) > app.clock.now(), 'the entry lasts one plan period');
  app.clock.set(new Date(app.clock.now().getTime() + 60_000));
  await call('DELETE', url);
  for (const { slug } of [plan, second]) {
    await call('POST', '/api/cart', { plan: slug });
    const [again] = await show(call, name);
    assert.deepEqual([again?.options, again?.lines.map(({ dest_amount }) => dest_amount)], [[], [9900]], slug);
    const refused = await call('POST', `/api/billing/${name}/checkout`, { items: [{ option: 2 }] });
    assert.equal(refused.status, 400, refused.text);
    await call('DELETE', '/api/cart');
  }
  const other = await registerBuyer();
  await other.call('POST', '/api/cart', { plan: plan.slug });
  assert.equal((await show(other.call, other.name))[0]?.options.length, 2, 'another subscriber has the free entry');
  await call('POST', '/api/cart', { plan: plan.slug, sync_on: 'no-account@example.com' });
  assert.deepEqual(
    (await show(call, name)).flatMap(({ options }) => options),
    [],
    'a seat of a person without an account is paid',
  );
});

test('C8 §3.6 uses within the quota are free, then each is billed', async () => {
  const { call, name } = await registerBuyer();
  const plan = await makePlan(ctx, {
    period_amount: 0,
    use_charges: [{ slug: `requests-${name}`, title: 'Requests', quota: 100, use_amount: 15 }],
  });
  await call('POST', '/api/cart', { plan: plan.slug });
  await show(call, name);
  await call('POST', `/api/billing/${name}/checkout`, {});
  const seller = await registerBrokerManager(app, `seller-${name}`);
  const billed = [];
  for (const quantity of [60, 50, 5, 0, 100]) {
    const reply = await seller('POST', `/api/billing/${name}/balance`, {
      plan: plan.slug,
      use: `requests-${name}`,
      quantity,
    });
    billed.push([reply.status, reply.status === 201 ? reply.json()['dest_amount'] : 0]);
  }
  assert.deepEqual(billed, [
    [200, 0],
    [201, 150],
    [201, 75],
    [201, 15],
    [201, 1500],
  ]);
});

test('§2.17 and B11: a cart has one currency; the item that would mix is refused and nothing is added', async () => {
  const { call, name } = await registerBuyer();
  const [usd, eur] = [await makePlan(ctx), await makePlan(ctx, { unit: 'eur' })];
  await call('POST', '/api/cart', { plan: usd.slug });
  const mixed = await call('POST', '/api/cart', { plan: eur.slug });
  assert.deepEqual([mixed.status, mixed.json()['code']], [400, 'currency_mixed']);
  assert.equal((await show(call, name)).length, 1);
});

test('A10 the last use of a coupon goes to one of several buyers who pay at the same time', async () => {
  const plan = await makePlan(ctx);
  const coupon = await makeCoupon(ctx, { plan_id: plan.id, nb_attempts: 1 });
  const buyers = [];
  for (let index = 0; index < 4; index += 1) buyers.push(await registerBuyer());
  for (const { call, name } of buyers) {
    await call('POST', '/api/cart', { plan: plan.slug });
    assert.equal((await call('POST', '/api/cart/redeem', { code: coupon.code })).status, 200);
    await show(call, name);
  }
  const replies = await Promise.all(
    buyers.map(({ call, name }) => call('POST', `/api/billing/${name}/checkout`, { processor_token: 'tok_visa' })),
  );
  assert.deepEqual(replies.map(({ status }) => status).toSorted(), [201, 409, 409, 409]);
  const [winner] = replies.filter(({ status }) => status === 201);
  assert.equal(winner?.json()['amount'], 1000);
});
