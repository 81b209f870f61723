import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiClient, browserClient, registerUser, signInBrowser } from '../../../test/support/client.ts';
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
  assert.match(page.text, /\$25</);
  assert.doesNotMatch(page.text, /\$25\.00/);
  const added = await browser.post('/billing/cart/', { plan: 'shown' });
  assert.equal(added.status, 303, added.text);
  assert.match((await browser.get('/pricing/')).text, /In your cart/);
});

const advance_discounts = [{ discount_type: 'percentage', discount_value: 2000, length: 12 }];

test('the yearly page has the price of 12 months, and its button chooses that option', async () => {
  const made = await provider('POST', plans, {
    title: 'Desk by month',
    slug: 'desk-by-month',
    is_active: true,
    period_amount: 6000,
    period_type: 'monthly',
    advance_discounts,
  });
  assert.equal(made.status, 201, made.text);
  const browser = browserClient(app);
  const monthly = await browser.get('/pricing/?next=/app/');
  assert.match(monthly.text, /href="\/pricing\/\?period=yearly&amp;next=%2Fapp%2F"/);
  assert.match(monthly.text, /up to 20% less/);
  assert.match(monthly.text, /\$48\.00 per month when you pay 12 months/);
  const yearly = await browser.get('/pricing/?period=yearly');
  assert.match(yearly.text, /<del class="tg-was">.*\$720<\/del> <span class="tg-money">\$576</);
  assert.match(yearly.text, /name="plan" value="desk-by-month"><input type="hidden" name="option" value="2">/);
  await browser.post('/billing/cart/', { plan: 'desk-by-month', option: '2' });
  const [item] = await app.db
    .selectFrom('cart_items')
    .innerJoin('plans', 'plans.id', 'cart_items.plan_id')
    .select('cart_items.option')
    .where('plans.slug', '=', 'desk-by-month')
    .execute();
  assert.equal(item?.option, 2);
});

test('a visitor who chooses a plan registers first, with the plan and its price above the form', async () => {
  const browser = browserClient(app);
  await browser.get('/pricing/');
  const added = await browser.post('/billing/cart/?next=%2Fapp%2F', { plan: 'priced-low' });
  assert.equal(added.headers['location'], '/register/?next=%2Fbilling%2Fcart%2F%3Fnext%3D%252Fapp%252F');
  const form = await browser.get(String(added.headers['location']));
  assert.match(form.text, /Priced low<\/strong>, 1 month/);
  assert.match(form.text, /\$10\.00/);
  assert.match(form.text, /I have an account/);
  const sign_in = await browser.get('/login/?next=%2Fbilling%2Fcart%2F');
  assert.match(sign_in.text, /Priced low<\/strong>, 1 month/);
  assert.doesNotMatch((await browser.get('/register/')).text, /Priced low/);
  const made = await browser.post(String(added.headers['location']), {
    full_name: 'Few Fields',
    email: 'few.fields@example.com',
    new_password: 'correct horse 7',
    'terms-of-use': '1',
  });
  assert.equal(made.status, 303, made.text);
  assert.equal(made.headers['location'], '/billing/cart/?next=%2Fapp%2F');
});

test('a plan that a profile of the reader holds is marked, the others are added', async () => {
  const name = 'holder';
  const holder = apiClient(app, await registerUser(app, name));
  await holder('POST', '/api/cart', { plan: 'shown' });
  const paid = await holder('POST', `/api/billing/${name}/checkout`, { processor_token: 'tok_visa' });
  assert.equal(paid.status, 201, paid.text);
  const browser = browserClient(app);
  await browser.get('/login/');
  await browser.post('/login/', { username: name, password: 'correct horse 7' });
  const { text } = await browser.get('/pricing/');
  assert.match(text, /Your plan/);
  assert.match(text, /href="\/billing\/holder\/history\/">Manage/);
  assert.match(text, /Add Priced low/);
  assert.doesNotMatch((await browserClient(app).get('/pricing/')).text, /Your plan/);
});

test('a manager of the provider edits a plan in place; others see no form and cannot post it', async () => {
  const plan = { title: 'Inline', slug: 'kept-slug', is_active: true, period_amount: 1000, period_type: 'monthly' };
  assert.equal((await provider('POST', plans, plan)).status, 201);
  const seller = await signInBrowser(app, 'donny');
  const link = /href="(\/pricing\/\?edit=kept-slug[^"]*)"/.exec((await seller.get('/pricing/')).text)?.[1];
  assert.ok(link);
  const form = await seller.get('/pricing/?edit=kept-slug');
  assert.match(form.text, /action="\/profile\/cowork\/plans\/kept-slug\/in-place\/"/);
  assert.match(form.text, /name="period_amount"[^>]*value="10\.00"/);
  const edit_version = /name="edit_version" value="([^"]+)"/.exec(form.text)?.[1] ?? '';
  const url = '/profile/cowork/plans/kept-slug/in-place/';
  const posted = { title: 'Inline 2', description: '* Tick', period_amount: '12.50', edit_version };

  const refused = await seller.post(url, { ...posted, title: '', period_amount: 'x' });
  assert.equal(refused.status, 400);
  assert.match(refused.text, /value="x"/);
  assert.match(refused.text, /\* Tick/);

  const buyers = await signInBrowser(app, 'xia');
  const shown = await buyers.get('/pricing/?edit=kept-slug');
  assert.doesNotMatch(shown.text, /in-place/);
  assert.equal((await buyers.post(url, posted)).status, 403);

  const saved = await seller.post(url, posted);
  assert.equal(saved.status, 303, saved.text);
  assert.equal(saved.headers['location'], '/pricing/');
  const { title, period_amount, description } = (await provider('GET', `${plans}/kept-slug`)).json<
    Record<string, unknown>
  >();
  assert.deepEqual([title, period_amount, description], ['Inline 2', 1250, '* Tick']);

  const second = await seller.post(url, { ...posted, title: 'Inline 3' });
  assert.equal(second.status, 409, 'the form was read before the change');
  assert.match(second.text, /Inline 2/);
  assert.equal((await seller.post('/profile/cowork/plans/none/in-place/', posted)).status, 404);
});
