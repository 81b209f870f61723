import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiClient, browserClient, registerUser } from '../../../test/support/client.ts';
import { registerBrokerManager } from '../../../test/support/register-managers.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

type Client = ReturnType<typeof apiClient>;
let app: TestApp;
let provider: Client;
let buyer: Client;

before(async () => {
  app = await startApp();
  provider = await registerBrokerManager(app, 'donny');
  buyer = apiClient(app, await registerUser(app, 'xia'));
});
after(() => app.close());

const plans = '/api/profile/cowork/plans';
const coupons = '/api/billing/cowork/coupons';

test('pricing lists active plans, cheapest first, with the cart and the coupon of the caller', async () => {
  await provider('POST', plans, { title: 'Priced high', is_active: true, period_amount: 9000, period_type: 'monthly' });
  await provider('POST', plans, { title: 'Priced low', is_active: true, period_amount: 1000, period_type: 'monthly' });
  await provider('POST', coupons, { code: 'HALF', discount_type: 'percentage', discount_value: 5000 });
  interface Priced {
    slug: string;
    discounted_period_amount: number;
    is_cart_item: boolean;
  }
  const findPrice = async (call: Client) =>
    (await call('GET', '/api/pricing?q=priced'))
      .json<{ results: Priced[] }>()
      .results.map(({ slug, discounted_period_amount, is_cart_item }) => [
        slug,
        discounted_period_amount,
        is_cart_item,
      ]);
  assert.deepEqual(await findPrice(apiClient(app)), [
    ['priced-low', 1000, false],
    ['priced-high', 9000, false],
  ]);
  assert.equal((await buyer('POST', '/api/cart', { plan: 'priced-high' })).status, 201);
  assert.equal((await buyer('POST', '/api/cart/redeem', { code: 'half' })).status, 200);
  assert.deepEqual((await findPrice(buyer)).at(-1), ['priced-high', 4500, true]);
});

test('the pricing page works without scripts and leads to the cart', async () => {
  await provider('POST', plans, {
    title: 'Shown <b>plan</b>',
    slug: 'shown',
    is_active: true,
    period_amount: 2500,
    period_type: 'monthly',
  });
  const browser = browserClient(app);
  const page = await browser.get('/pricing/');
  assert.equal(page.status, 200);
  assert.match(page.text, /Shown &lt;b&gt;plan&lt;\/b&gt;/);
  assert.match(page.text, /\$25\.00/);
  const added = await browser.post('/billing/cart/', { plan: 'shown' });
  assert.equal(added.status, 303, added.text);
  assert.match((await browser.get('/pricing/')).text, /In your cart/);
});
