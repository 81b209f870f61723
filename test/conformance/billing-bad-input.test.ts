import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Plan } from '#catalog';
import { apiClient, registerUser } from '../support/client.ts';
import type { TestContext } from '../support/context.ts';
import { makeCoupon, makePlan } from '../support/factories/catalog.ts';
import { registerBrokerManager, registerProvider } from '../support/register-managers.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

// Each 4xx of spec billing.md §7 for carts, checkouts, plans, coupons and subscriptions, with its body.

type Call = ReturnType<typeof apiClient>;

let app: TestApp;
let ctx: TestContext;
let plan: Plan;
let other_plan: Plan;
const callers: Record<string, Call> = {};
before(async () => {
  app = await startApp();
  ctx = { ...(await app.tollgate.makeContext('test')), clock: app.clock };
  callers['broker'] = await registerBrokerManager(app, 'operator');
  callers['xia'] = apiClient(app, await registerUser(app, 'xia'));
  callers['bob'] = apiClient(app, await registerUser(app, 'bob'));
  const { profile } = await registerProvider(app, 'club-manager', 'club');
  plan = await makePlan(ctx, { slug: 'basic', title: 'Basic', use_charges: [{ slug: 'requests', use_amount: 15 }] });
  other_plan = await makePlan(ctx, { provider_id: profile.id, slug: 'club-plan', title: 'Club plan' });
  await makePlan(ctx, { slug: 'hidden', title: 'Hidden', is_active: false });
  await makeCoupon(ctx, { code: 'TAKEN' });
  await callers['bob']('POST', '/api/cart', { plan: plan.slug });
  await callers['bob']('GET', '/api/billing/bob/checkout');
  const paid = await callers['bob']('POST', '/api/billing/bob/checkout', { processor_token: 'tok_visa' });
  assert.equal(paid.status, 201, paid.text);
});
after(() => app.close());

/** Tables that a refused request must not change. */
const tables = ['cart_items', 'orders', 'plans', 'coupons', 'subscriptions', 'ledger_entries', 'charges'] as const;
async function snapshot(): Promise<string> {
  const counts = [];
  for (const table of tables) {
    const { rows } = await app.database
      .executeSql(`select count(*)::int as n, md5(string_agg(t::text, '' order by t::text)) as hash
      from ${table} t`);
    counts.push(rows[0]);
  }
  return JSON.stringify(counts);
}

/** A request with its refusal: the status, and the whole body without `code` or the name of the refused field. */
type Case = [
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  url: string,
  body: unknown,
  status: number,
  refusal: object | string,
];

async function check(caller: string, cases: readonly Case[]): Promise<void> {
  const call = callers[caller];
  assert.ok(call);
  const before_all = await snapshot();
  const failures: string[] = [];
  for (const [method, url, body, status, refusal] of cases) {
    const reply = await call(method, url, body);
    // A field that is named `code` is below `errors`, because `code` names the refusal.
    const { code, errors = {}, ...others } = reply.json<Record<string, unknown> & { errors?: object }>();
    const rest: object = { ...others, ...errors };
    const about = `${method} ${url} ${JSON.stringify(body)}`;
    if (reply.status !== status || typeof code !== 'string') failures.push(`${about}: ${reply.status} ${reply.text}`);
    else if (typeof refusal === 'string' ? !(refusal in rest) : JSON.stringify(rest) !== JSON.stringify(refusal))
      failures.push(`${about}: ${reply.text}`);
  }
  assert.deepEqual(failures, []);
  assert.equal(await snapshot(), before_all, 'nothing is written');
}

/** Values that no count or amount takes: negative, fractional, text, beyond 2^53, not a number. */
const no_amounts = [-1, 1.5, '10', 2 ** 53, 1e300, null, true, [], {}];

test('§7.6 and §4.2: a cart refuses what it cannot hold, at its field', () =>
  check('xia', [
    ['POST', '/api/cart', {}, 400, { plan: ['This field is required.'] }],
    ['POST', '/api/cart', { plan: 'nope' }, 400, { plan: ["Plan 'nope' does not exist or is inactive."] }],
    ['POST', '/api/cart', { plan: 'hidden' }, 400, { plan: ["Plan 'hidden' does not exist or is inactive."] }],
    ['POST', '/api/cart', { plan: 'basic', use: 'x' }, 400, { use: ["UseCharge 'x' does not exist or is inactive."] }],
    ['POST', '/api/cart', { plan: 'club-plan', use: 'requests' }, 400, 'use'],
    ['POST', '/api/cart', { plan: 'basic', sync_on: 'no-such-profile' }, 400, 'sync_on'],
    ...no_amounts.map((quantity): Case => ['POST', '/api/cart', { plan: 'basic', quantity }, 400, 'quantity']),
    ['POST', '/api/cart', { plan: 'basic', quantity: 1e9 }, 400, 'quantity'],
    ...no_amounts.map((option): Case => ['POST', '/api/cart', { plan: 'basic', option }, 400, 'option']),
    ['POST', '/api/cart', [], 400, 'detail'],
    ['DELETE', '/api/cart?plan=nope', undefined, 400, 'plan'],
    ['POST', '/api/cart/redeem', {}, 400, { code: ['This field is required.'] }],
    ['POST', '/api/cart/redeem', { code: 'NOPE' }, 400, 'detail'],
    ['POST', '/api/cart/nope/upload', undefined, 400, 'file'],
  ]));

test('§4.5: a checkout refuses choices that do not exist, and other profiles', () =>
  check('xia', [
    ['POST', '/api/billing/xia/checkout', { items: [{ option: 'x' }] }, 400, 'items'],
    ['POST', '/api/billing/xia/checkout', { items: [{}] }, 400, 'items'],
    ['POST', '/api/billing/xia/checkout', { items: [{ option: -1 }] }, 400, 'items'],
    ['POST', '/api/billing/xia/checkout', { remember_card: 'maybe' }, 400, 'remember_card'],
    ['POST', '/api/billing/xia/checkout', { processor_token: 'x'.repeat(10_000) }, 400, 'processor_token'],
    ['POST', '/api/billing/bob/checkout', {}, 403, 'detail'],
    ['POST', '/api/billing/no-such-profile/checkout', {}, 403, 'detail'],
    ['GET', '/api/billing/bob/checkout', undefined, 403, 'detail'],
  ]));

test('§7.6: a plan refuses fields by name, and a second plan of one title', () =>
  check('broker', [
    ['POST', '/api/profile/cowork/plans', {}, 400, { title: ['This field is required.'] }],
    [
      'POST',
      '/api/profile/cowork/plans',
      { title: 'Basic' },
      400,
      { title: ['A plan with this title already exists.'] },
    ],
    ['POST', '/api/profile/cowork/plans', { title: 'New', period_type: 'fortnight' }, 400, 'period_type'],
    ['POST', '/api/profile/cowork/plans', { title: 'New', renewal_type: 'sometimes' }, 400, 'renewal_type'],
    ['POST', '/api/profile/cowork/plans', { title: 'New', unit: 'zzz' }, 400, 'unit'],
    ...['period_amount', 'setup_amount', 'period_length'].flatMap((field) =>
      no_amounts
        .filter((amount) => amount !== null)
        .map((amount): Case => ['POST', '/api/profile/cowork/plans', { title: 'New', [field]: amount }, 400, field]),
    ),
    ['POST', '/api/profile/cowork/plans', { title: 'New', period_length: 0 }, 400, 'period_length'],
    ['PUT', '/api/profile/cowork/plans/basic', { period_amount: -5 }, 400, 'period_amount'],
    ['PATCH', '/api/profile/cowork/plans/basic', { period_amount: 2 ** 53 }, 400, 'period_amount'],
    [
      'POST',
      '/api/profile/cowork/plans',
      { title: 'New', advance_discounts: [{ discount_type: 'percentage', discount_value: 10_001, length: 2 }] },
      400,
      'advance_discounts',
    ],
    [
      'POST',
      '/api/profile/cowork/plans',
      { title: 'New', use_charges: [{ title: 'Use', quota: 10, maximum_limit: 5 }] },
      400,
      'use_charges',
    ],
    ['DELETE', '/api/profile/cowork/plans/basic', undefined, 403, { detail: 'Cannot delete a plan with subscribers' }],
    ['GET', '/api/profile/cowork/plans/club-plan', undefined, 404, 'detail'],
    ['PUT', '/api/profile/cowork/plans/club-plan', { title: 'Taken over' }, 404, 'detail'],
    ['DELETE', '/api/profile/cowork/plans/nope', undefined, 404, 'detail'],
  ]));

test('§7.6: a coupon refuses values outside its kind, and plans and codes of others', () =>
  check('broker', [
    ['POST', '/api/billing/cowork/coupons', {}, 400, 'code'],
    ['POST', '/api/billing/cowork/coupons', { code: 'NEW' }, 400, 'discount_type'],
    ['POST', '/api/billing/cowork/coupons', coupon({ code: 'b@d' }), 400, 'code'],
    ['POST', '/api/billing/cowork/coupons', coupon({ code: 'taken' }), 400, { code: ['This code is already taken.'] }],
    ['POST', '/api/billing/cowork/coupons', coupon({ plan: other_plan.slug }), 400, 'plan'],
    ['POST', '/api/billing/cowork/coupons', coupon({ plan: 'hidden' }), 400, 'plan'],
    ['POST', '/api/billing/cowork/coupons', coupon({ discount_type: 'gift' }), 400, 'discount_type'],
    ...[0, 10_001, ...no_amounts].map((discount_value): Case => [
      'POST',
      '/api/billing/cowork/coupons',
      coupon({ discount_value }),
      400,
      'discount_value',
    ]),
    ['POST', '/api/billing/cowork/coupons', coupon({ nb_attempts: -1 }), 400, 'nb_attempts'],
    ['POST', '/api/billing/cowork/coupons', coupon({ ends_at: 'tomorrow' }), 400, 'ends_at'],
    [
      'PUT',
      '/api/billing/cowork/coupons/TAKEN',
      { discount_type: 'percentage', discount_value: 0 },
      400,
      'discount_value',
    ],
    ['GET', '/api/billing/cowork/coupons/NOPE', undefined, 404, 'detail'],
    ['DELETE', '/api/billing/cowork/coupons/NOPE', undefined, 404, 'detail'],
  ]));

function coupon(change: object): object {
  return { code: 'NEW', discount_type: 'percentage', discount_value: 1000, ...change };
}

test('§5.3 and §5.4: a subscription refuses ends and keys that are not the caller’s', async () => {
  const url = '/api/profile/bob/subscriptions/basic';
  await check('bob', [
    ['PUT', url, { ends_at: '2999-01-01T00:00:00Z' }, 400, 'ends_at'],
    ['PUT', url, { ends_at: '1999-01-01T00:00:00Z' }, 400, 'ends_at'],
    ['PUT', url, { ends_at: 'soon' }, 400, 'ends_at'],
    ['PUT', url, { auto_renew: 'yes' }, 400, 'auto_renew'],
    ['GET', '/api/profile/bob/subscriptions/nope', undefined, 404, 'detail'],
    ['POST', '/api/profile/bob/subscribers/accept/0123456789', undefined, 404, 'detail'],
  ]);
  await check('xia', [
    ['GET', url, undefined, 403, 'detail'],
    ['PUT', url, { auto_renew: false }, 403, 'detail'],
    ['DELETE', url, undefined, 403, 'detail'],
    ['POST', '/api/profile/cowork/plans/basic/subscriptions', { profile: { slug: 'xia' } }, 403, 'detail'],
  ]);
  const grants = '/api/profile/cowork/plans/basic/subscriptions';
  await check('broker', [
    ['POST', grants, {}, 400, 'profile'],
    ['POST', grants, { profile: { slug: 'no-such-profile', full_name: 'X' } }, 404, 'detail'],
    [
      'POST',
      '/api/profile/cowork/plans/club-plan/subscriptions',
      { profile: { slug: 'xia', full_name: 'X' } },
      404,
      'detail',
    ],
    ['GET', `${grants}/no-such-profile`, undefined, 404, 'detail'],
  ]);
});

test('quantities of 0 are one use, and a million uses is the most', async () => {
  const call = callers['xia'];
  assert.ok(call);
  const most = await call('POST', '/api/cart', { plan: 'basic', use: 'requests', quantity: 1_000_000 });
  assert.equal(most.status, 201, most.text);
  const none = await call('POST', '/api/cart', { plan: 'basic', use: 'requests', quantity: 0 });
  assert.equal(none.status, 200, none.text);
  const shown = await call('GET', '/api/billing/xia/checkout');
  assert.match(shown.text, /Buy 1 basic/);
});
