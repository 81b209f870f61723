import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { browserClient, registerUser } from '../../../test/support/client.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
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
