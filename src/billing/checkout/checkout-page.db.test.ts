import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { browserClient, registerUser } from '../../../test/support/client.ts';
import { testContext } from '../../../test/support/context.ts';
import { makeCoupon, makePlan } from '../../../test/support/factories/catalog.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
let browser: ReturnType<typeof browserClient>;
let slug: string;
before(async () => {
  app = await startApp({ config: { terms_required: false } });
  const ctx = { ...(await app.tollgate.makeContext('test')), clock: app.clock };
  const advance_discounts = [{ discount_type: 'percentage' as const, discount_value: 1000, length: 12 }];
  ({ slug } = await makePlan(ctx, { period_amount: 5000, advance_discounts }));
  await registerUser(app, 'payer');
  browser = browserClient(app);
  await browser.get('/login/');
  await browser.post('/login/', { username: 'payer', password: 'correct horse 7' });
  await browser.get('/pricing/');
  await browser.post('/billing/cart/', { plan: slug });
});
after(() => app.close());

const url = '/billing/payer/checkout/';

test('a cart with nothing to decide leads to the checkout, which lists the periods', async () => {
  const cart = await browser.get('/billing/payer/cart/');
  assert.deepEqual([cart.status, cart.headers['location']], [303, url]);
  const { text } = await browser.get(url);
  assert.match(text, /Pay \$50\.00/);
  assert.match(text, /12 months/);
});

test('a code is sent with the payment form: its input is kept, and nothing is paid before the price is shown', async () => {
  const coupon = await makeCoupon(await testContext(app.db));
  const form = { code: coupon.code, card_name: 'Ada Payer', card_number: '4242 4242 4242 4242', card_cvc: '123' };
  for (const action of ['redeem', 'pay']) {
    const applied = await browser.post(url, { ...form, action, card_exp: '12/30', remember_card: '1' });
    assert.equal(applied.status, 200, applied.text);
    assert.match(applied.text, /Pay \$25\.00/);
    assert.match(applied.text, /name="card_name" value="Ada Payer"/);
    assert.match(applied.text, /name="remember_card"[^>]* checked/);
    assert.doesNotMatch(applied.text, /4242 4242 4242 4242"/);
    assert.deepEqual(await app.db.selectFrom('charges').select('id').execute(), []);
    const removed = await browser.post(url, { action: 'unredeem', code: coupon.code });
    assert.match(removed.text, /Pay \$50\.00/);
  }
  const wrong = await browser.post(url, { ...form, action: 'redeem', code: 'NEVER-MADE' });
  assert.equal(wrong.status, 400);
  assert.match(wrong.text, /id="id_code-error"/);
  assert.match(wrong.text, /name="card_name" value="Ada Payer"/);
});

test('the payer pays the period that was chosen on the checkout, for the amount on the button', async () => {
  const chosen = await browser.post(url, { action: 'choose', [`option-payer:${slug}`]: '2' });
  assert.equal(chosen.status, 200, chosen.text);
  assert.match(chosen.text, /Pay \$540\.00/);
  const version = /name="cart_version" value="([0-9a-f]+)"/.exec(chosen.text)?.[1] ?? '';
  const card = { action: 'pay', cart_version: version, card_name: 'P', card_exp: '12/30', card_cvc: '123' };
  const declined = await browser.post(url, { ...card, card_number: '4000 0000 0000 0002' });
  assert.equal(declined.status, 400);
  assert.match(declined.text, /The payment did not go through/);
  assert.match(declined.text, /id="id_card_number-error">[^<]*declined/);
  const paid = await browser.post(url, { ...card, card_number: '4242 4242 4242 4242' });
  assert.equal(paid.status, 303, paid.text);
  const [charge] = await app.db.selectFrom('charges').select('amount').where('state', '=', 'done').execute();
  assert.equal(charge?.amount, 54_000);
});
