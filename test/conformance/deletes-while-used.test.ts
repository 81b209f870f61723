import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import { sql } from 'kysely';
import { type TestResponse, apiClient, registerUser } from '../support/client.ts';
import { registerBrokerManager, registerProvider } from '../support/register-managers.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

const onServer = process.env['TEST_DATABASE_URL'] !== undefined;
/** Enough for a race to show on a server; the embedded database has one connection, so its order varies little. */
const ROUNDS = onServer ? 10 : 5;

type Call = ReturnType<typeof apiClient>;

let app: TestApp;
let operator: Call;
let seller: Call;
let buyer: Call;
before(async () => {
  app = await startApp({ config: { terms_required: false } });
  operator = await registerBrokerManager(app, 'operator');
  ({ call: seller } = await registerProvider(app, 'seller', 'shop'));
  buyer = apiClient(app, await registerUser(app, 'buyer'));
});
after(() => app.close());

/**
 * Runs deletions and uses of one object concurrently, round after round with a new object, and in another order each
 * time. In any order, each response is a success or a documented refusal.
 */
async function race(
  t: TestContext,
  prepare: (round: number) => Promise<(() => Promise<TestResponse>)[]>,
): Promise<void> {
  const outcomes = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const calls = await prepare(round);
    const first = round % calls.length;
    const responses = await Promise.all([...calls.slice(first), ...calls.slice(0, first)].map((call) => call()));
    for (const [index, response] of responses.entries()) {
      const call = (index + round) % calls.length;
      const outcome = `call ${call}: ${response.status < 400 ? 'success' : `${response.status} ${codeOf(response)}`}`;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      assert(response.status < 500, `round ${round}: ${response.status} ${response.text}`);
      if (response.status >= 400) assert.match(response.text, /"(code|detail)":/, response.text);
    }
  }
  for (const [outcome, count] of [...outcomes].toSorted()) t.diagnostic(`${outcome} × ${count}`);
  const succeeded = [...outcomes.keys()].filter((outcome) => outcome.endsWith('success'));
  assert(
    succeeded.some((outcome) => outcome.startsWith('call 1:')),
    'some deletions succeed',
  );
  if (onServer) assert(succeeded.length > 1, 'some uses succeed');
}

function codeOf({ text }: TestResponse): string {
  return /"code":\s*"([a-z_]+)"/.exec(text)?.[1] ?? text.slice(0, 60);
}

/** Puts a plan into the buyer's cart and shows it, as a checkout charges what was shown. */
async function showCart(plan: string): Promise<void> {
  await buyer('POST', '/api/cart', { plan });
  await buyer('GET', '/api/billing/buyer/checkout');
}

async function readCreated(response: Promise<TestResponse>): Promise<Record<string, unknown>> {
  const { status, text, json } = await response;
  assert(status === 200 || status === 201, text);
  return json();
}

test('a plan deleted while buyers use it gives each caller a success or a refusal', async (t) => {
  await race(t, async (round) => {
    const slug = `plan-${round}`;
    await readCreated(
      seller('POST', '/api/profile/shop/plans', {
        title: slug,
        slug,
        period_amount: 2000,
        is_active: true,
        use_charges: [{ slug: `use-${round}`, title: `Use ${round}`, use_amount: 100 }],
      }),
    );
    const path = `/api/profile/shop/plans/${slug}`;
    if (round % 2 === 0) await showCart(slug);
    return [
      () => buyer('POST', '/api/cart', { plan: slug }),
      () => seller('DELETE', path),
      () => seller('POST', `${path}/subscriptions?force=1`, { profile: { slug: 'buyer', full_name: 'Buyer' } }),
      () => buyer('POST', '/api/billing/buyer/checkout', { processor_token: 'tok_visa' }),
      () => buyer('POST', '/api/cart', { plan: slug, use: `use-${round}` }),
      () => seller('PUT', path, { title: `Renamed ${round}`, use_charges: [] }),
      () =>
        seller('POST', '/api/billing/shop/coupons', {
          code: `P${round}`,
          discount_type: 'percentage',
          discount_value: 1000,
          plan: slug,
        }),
      () => operator('POST', '/api/billing/cartitems', { plan: slug, user: 'buyer' }),
    ];
  });
});

test('a coupon deleted while buyers redeem it gives each caller a success or a refusal', async (t) => {
  await readCreated(
    seller('POST', '/api/profile/shop/plans', { title: 'Fair', slug: 'fair', period_amount: 2000, is_active: true }),
  );
  await race(t, async (round) => {
    const code = `HALF${round}`;
    await readCreated(
      seller('POST', '/api/billing/shop/coupons', { code, discount_type: 'percentage', discount_value: 5000 }),
    );
    if (round % 2 === 0) await buyer('POST', '/api/cart/redeem', { code });
    await showCart('fair');
    return [
      () => buyer('POST', '/api/cart/redeem', { code }),
      () => seller('DELETE', `/api/billing/shop/coupons/${code}`),
      () => buyer('POST', '/api/billing/buyer/checkout', { processor_token: 'tok_visa' }),
      () => seller('PUT', `/api/billing/shop/coupons/${code}`, { description: 'Half of it' }),
      () => seller('DELETE', `/api/billing/shop/coupons/${code}`),
    ];
  });
});

test('a role type deleted while managers grant it gives each caller a success or a refusal', async (t) => {
  await race(t, async (round) => {
    const { slug } = await readCreated(seller('POST', '/api/profile/shop/roles/describe', { title: `Type ${round}` }));
    const path = `/api/profile/shop/roles/describe/${String(slug)}`;
    const grant = `/api/profile/shop/roles/${String(slug)}`;
    return [
      () => seller('POST', grant, { slug: 'buyer' }),
      () => seller('DELETE', path),
      () => seller('PUT', path, { title: `Other ${round}` }),
      () => buyer('POST', `/api/users/buyer/accessibles/${String(slug)}`, { slug: 'shop' }),
      () => seller('DELETE', `${grant}/buyer`),
      () => seller('POST', grant, { slug: 'operator' }),
    ];
  });
});

test('a profile deleted while it buys, sells and gets members gives each caller a success or a refusal', async (t) => {
  await race(t, async (round) => {
    const slug = `team-${round}`;
    await readCreated(
      buyer('POST', '/api/users/buyer/profiles', { slug, full_name: `Team ${round}`, type: 'organization' }),
    );
    await buyer('POST', '/api/cart', { plan: 'fair' });
    return [
      () => buyer('POST', `/api/profile/${slug}/roles/manager`, { slug: 'seller' }),
      () => buyer('DELETE', `/api/profile/${slug}`),
      () => buyer('POST', `/api/billing/${slug}/checkout`, { processor_token: 'tok_visa' }),
      () => buyer('PUT', `/api/profile/${slug}`, { full_name: `Renamed ${round}` }),
      () =>
        seller('POST', '/api/profile/shop/plans/fair/subscriptions?force=1', { profile: { slug, full_name: 'Team' } }),
      () => buyer('PUT', `/api/billing/${slug}/card`, { token: 'tok_visa' }),
      () => buyer('POST', `/api/profile/${slug}/roles/describe`, { title: `Kind ${round}` }),
      () => seller('POST', `/api/users/seller/accessibles/manager`, { slug }),
    ];
  });
});

test('a user deleted while signed in elsewhere gives each caller a success or a refusal', async (t) => {
  await race(t, async (round) => {
    const name = `leaver-${round}`;
    const leaver = apiClient(app, await registerUser(app, name));
    return [
      () => leaver('POST', '/api/cart', { plan: 'fair' }),
      () => operator('DELETE', `/api/users/${name}`),
      () => leaver('POST', `/api/billing/${name}/checkout`, { processor_token: 'tok_visa' }),
      () => apiClient(app)('POST', '/api/auth', { username: name, password: 'correct horse 7' }),
      () => leaver('POST', `/api/users/${name}/profiles`, { full_name: `Team of ${name}` }),
      () => leaver('POST', `/api/users/${name}/api-keys`, { password: 'correct horse 7' }),
      () => seller('POST', '/api/profile/shop/roles/manager', { slug: name }),
      () => leaver('POST', '/api/legal/terms-of-use/sign', { read_terms: true }),
      () => operator('POST', `/api/contacts/${name}/activities`, { text: 'A call', account: null }),
      () => leaver('PUT', `/api/users/${name}/notifications`, { notifications: [] }),
      () =>
        seller('POST', '/api/profile/shop/plans/fair/subscriptions?force=1', {
          profile: { slug: name, full_name: 'Leaver' },
        }),
    ];
  });
});

test('no archived profile or user keeps roles, granted subscriptions, keys or a name', async () => {
  const { rows } = await sql<{ what: string; count: number }>`
    select 'roles' as what, count(*) as count from roles join profiles on profiles.id = profile_id where not is_active
    union all select 'subscriptions', count(*) from subscriptions join profiles on profiles.id = profile_id
      where not is_active and ends_at > ${app.clock.now()}
        and not exists (select from order_lines where subscription_id = subscriptions.id)
    union all select 'names', count(*) from profiles where not is_active and full_name <> ''
    union all select 'api keys', count(*) from api_keys join users on users.id = user_id where not users.is_active
    union all select 'roles of users', count(*) from roles join users on users.id = user_id where not users.is_active`.execute(
    app.db,
  );
  assert.deepEqual(
    rows.filter(({ count }) => count > 0),
    [],
  );
});

test('an agreement deleted while users sign it gives each caller a success or a refusal', async (t) => {
  await race(t, async (round) => {
    const { slug } = await readCreated(operator('POST', '/api/agreements', { title: `House rules ${round}` }));
    return [
      () => buyer('POST', `/api/legal/${String(slug)}/sign`, { read_terms: true }),
      () => operator('DELETE', `/api/agreements/${String(slug)}`),
      () =>
        operator('PUT', `/api/agreements/${String(slug)}`, {
          title: `Newer rules ${round}`,
          updated_at: app.clock.now().toISOString(),
        }),
      () => seller('POST', `/api/legal/${String(slug)}/sign`, { read_terms: true }),
      () => operator('DELETE', `/api/agreements/${String(slug)}`),
    ];
  });
});

test('rules, report lines and cart items deleted while they change give each caller a success or a refusal', async (t) => {
  await race(t, async (round) => {
    await operator('POST', '/api/proxy/rules', { path: `/room-${round}`, allow: 'authenticated', rank: 1 });
    await operator('POST', '/api/metrics/balances/taxes/lines', { title: 'Sales', selector: 'Receivable', rank: 1 });
    const item = await operator('POST', '/api/billing/cartitems', { plan: 'fair', user: 'seller' });
    const { id } = item.json<{ id?: number }>();
    return [
      () => operator('PUT', `/api/proxy/rules/room-${round}`, { rank: 2 }),
      () => operator('DELETE', `/api/proxy/rules/room-${round}`),
      () => operator('DELETE', `/api/proxy/rules/room-${round}`),
      () => operator('PUT', '/api/metrics/balances/taxes/lines/1', { title: 'Turnover', rank: 1 }),
      () => operator('DELETE', '/api/metrics/balances/taxes/lines/1'),
      () => operator('PUT', `/api/billing/cartitems/${String(id)}`, { option: 1 }),
      () => operator('DELETE', `/api/billing/cartitems/${String(id)}`),
      () => seller('DELETE', '/api/cart'),
    ];
  });
});
