import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiClient, type browserClient, registerUser, signInBrowser } from '../../../test/support/client.ts';
import { requirePageBudget, withoutCounts } from '../../../test/support/page-statements.ts';
import { registerBrokerManager } from '../../../test/support/register-managers.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
let operator: ReturnType<typeof apiClient>;
let broker: ReturnType<typeof browserClient>;
let ann: ReturnType<typeof apiClient>;
const buyers = ['ann', 'ben', 'cid'] as const;
const url = '/metrics/cowork/coupons/HALF/';
before(async () => {
  app = await startApp({ config: { terms_required: false } });
  operator = await registerBrokerManager(app, 'donny');
  for (const slug of ['desk', 'office']) {
    const plan = { title: slug, slug, period_amount: 2900, period_type: 'monthly', is_active: true };
    assert.equal((await operator('POST', '/api/profile/cowork/plans', plan)).status, 201);
  }
  for (const code of ['HALF', 'OTHER']) {
    const coupon = { code, discount_type: 'percentage', discount_value: 5000, plan: null };
    assert.equal((await operator('POST', '/api/billing/cowork/coupons', coupon)).status, 201);
  }
  for (const [index, name] of buyers.entries()) {
    const buyer = apiClient(app, await registerUser(app, name));
    if (name === 'ann') ann = buyer;
    await buyer('POST', '/api/cart', { plan: index === 1 ? 'office' : 'desk' });
    await buyer('POST', '/api/cart/redeem', { code: name === 'cid' ? 'OTHER' : 'half' });
    const paid = await buyer('POST', `/api/billing/${name}/checkout`, { processor_token: 'tok_visa' });
    assert.equal(paid.status, 201, paid.text);
    app.clock.set(new Date(app.clock.now().getTime() + 60_000));
  }
  // In a cart, not ordered: no use.
  const dan = apiClient(app, await registerUser(app, 'dan'));
  await dan('POST', '/api/cart', { plan: 'desk' });
  await dan('POST', '/api/cart/redeem', { code: 'HALF' });
  broker = await signInBrowser(app, 'donny');
});
after(() => app.close());

interface Use {
  user: { username: string };
  plan: { slug: string };
}
async function uses(query = ''): Promise<[string, string][]> {
  const reply = await operator('GET', `/api/metrics/cowork/coupons/half${query}`);
  assert.equal(reply.status, 200, reply.text);
  const { count, results } = reply.json<{ count: number; results: Use[] }>();
  assert.equal(count, results.length);
  return results.map(({ user, plan }) => [user.username, plan.slug]);
}

test('the orders with a code are listed, the newest first; carts and other codes are not', async () => {
  assert.deepEqual(await uses(), [
    ['ben', 'office'],
    ['ann', 'desk'],
  ]);
  assert.deepEqual(await uses('?o=user__username'), [
    ['ann', 'desk'],
    ['ben', 'office'],
  ]);
  assert.deepEqual(await uses('?o=-plan&q=ben'), [['ben', 'office']]);
  assert.deepEqual(await uses('?ends_at=2000-01-01T00:00:00Z'), []);
});

test('an unknown code and the code of another provider are not found; a subscriber has no access', async () => {
  assert.equal((await operator('GET', '/api/metrics/cowork/coupons/NONE')).status, 404);
  assert.equal((await operator('GET', '/api/metrics/ann/coupons/HALF')).status, 404);
  assert.notEqual((await ann('GET', '/api/metrics/cowork/coupons/HALF')).status, 200);
});

test('the page shows the uses, and its download has the rows of the list', async () => {
  const page = await broker.get(`${url}?o=user__username`);
  assert.equal(page.status, 200, page.text);
  assert.match(page.text, /2 uses/);
  assert.match(page.text, /Orders with this code: 50% less/);
  assert.match(page.text, /href="\/metrics\/cowork\/coupons\/HALF\/download\/\?o=user__username"/);
  assert.match((await broker.get(`${url}?q=harbour`)).text, /No use matches “harbour”/);
  const { text, headers } = await broker.get(`${url}download/?o=user__username`);
  assert.match(String(headers['content-disposition']), /^attachment; filename="HALF-\d{8}\.csv"$/);
  const [head, ...rows] = text.trimEnd().split('\r\n');
  assert.equal(head, 'Used at,Code,Discount type,Amount,Name,Email,Plan');
  assert.deepEqual(
    rows.map((row) => row.split(',').slice(1, 4).concat(row.split(',').slice(-1))),
    [
      ['HALF', 'percentage', '50.00', 'desk'],
      ['HALF', 'percentage', '50.00', 'office'],
    ],
  );
  assert.match((await broker.get('/billing/cowork/coupons/')).text, /href="\/metrics\/cowork\/coupons\/HALF\/"/);
});

test('lists of plans and of carts are downloaded with their filters', async () => {
  const plans = await broker.get('/profile/cowork/plans/download/?q=desk');
  assert.match(plans.text, /^Created at,Slug,Title,On sale,Price,Unit,Periods,Period,Subscribers\r\n/);
  assert.match(plans.text, /,desk,desk,yes,29\.00,usd,1,monthly,2\r\n$/);
  assert.doesNotMatch(plans.text, /office/);
  const carts = await broker.get('/billing/cartitems/download/');
  assert.match(carts.text, /^Added at,Name,Email,Plan,Price option,Quantity,For\r\n/);
  assert.equal(carts.text.trimEnd().split('\r\n').length, 2);
});

test('a plan and a code cannot have the name of a page below them', async () => {
  const plan = { title: 'Download', period_amount: 100, period_type: 'monthly' };
  const derived = await operator('POST', '/api/profile/cowork/plans', plan);
  assert.match(derived.json<{ slug: string }>().slug, /^download-/);
  for (const slug of ['new', 'download']) {
    const taken = await operator('POST', '/api/profile/cowork/plans', { ...plan, title: `t ${slug}`, slug });
    assert.equal(taken.status, 400, taken.text);
    assert.equal((await operator('PUT', '/api/profile/cowork/plans/office', { slug })).status, 400);
  }
  const coupon = { code: 'Download', discount_type: 'percentage', discount_value: 100 };
  assert.equal((await operator('POST', '/api/billing/cowork/coupons', coupon)).status, 400);
});

test('the page of the uses needs few statements', { skip: withoutCounts }, async () => {
  await requirePageBudget(async (address) => broker.get(address), [url]);
});
