import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cancelBalance } from '../balances/cancel-balance.ts';
import { collectLink } from './collect-link.ts';
import { apiClient, browserClient, registerUser, signInBrowser } from '../../../test/support/client.ts';
import { testContext, type TestContext } from '../../../test/support/context.ts';
import { addPlanToCart, type Buyer, isProblemWithCode, makeBuyer } from '../../../test/support/factories/billing.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { registerProvider } from '../../../test/support/register-managers.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';
import { placeUnpaidOrder } from '../checkout/index.ts';
import { listPaymentLinks } from '../records/index.ts';
import { payLink } from './pay-link.ts';
import { sendLink } from './send-link.ts';

let app: TestApp;
let ctx: TestContext;
before(async () => {
  app = await startApp({ config: { pay_later_allowed: true } });
  ctx = { ...(await testContext(app.db)), clock: app.clock };
});
after(() => app.close());

const query = { terms: [], fields: [], order: [], page: 1, page_size: 100, start_at: null, ends_at: null };
const broker = { is_broker: true, is_payer: false, is_allowed: false };

async function place(buyer: Buyer, plan: Awaited<ReturnType<typeof makePlan>>): Promise<string> {
  await addPlanToCart(buyer, plan);
  const given = { choices: undefined, cart_version: null };
  const { claim_code } = await placeUnpaidOrder(buyer.ctx, buyer.profile.id, buyer.owner, given, broker);
  assert.ok(claim_code);
  return claim_code;
}

test('a provider lists its orders that are paid later by their state, and the link of the open ones only', async () => {
  const { profile: shop } = await registerProvider(app, 'lister', 'lister-shop');
  const plan = await makePlan(ctx, { provider_id: shop.id });
  const [open, paid, collected, written, settled, twice] = await Promise.all(
    Array.from({ length: 6 }, () => makeBuyer(ctx)),
  );
  assert.ok(open && paid && collected && written && settled && twice);
  const codes = [];
  for (const buyer of [open, paid, collected, written, settled]) codes.push(await place(buyer, plan));
  await payLink(ctx, codes[1] ?? '', { token: 'tok_visa', remember_card: false, key: null });
  await collectLink(ctx, shop.id, codes[2] ?? '', { amount: null, is_paid: true });
  await collectLink(ctx, shop.id, codes[3] ?? '', { amount: null, is_paid: false });
  const cash = { profile_id: settled.profile.id, sellers: null, amount: null, is_paid: true, request_key: null };
  await cancelBalance(ctx, cash);
  // The newer of two orders of one subscription is paid: the older one is due.
  await place(twice, plan);
  app.clock.set(new Date(app.clock.now().getTime() + 60_000));
  const newer = await place(twice, plan);
  await payLink(ctx, newer, { token: 'tok_visa', remember_card: false, key: null });

  const url = new URL('http://site.example/');
  const list = async (state: Parameters<typeof listPaymentLinks>[2]) =>
    (await listPaymentLinks(app.db, shop.id, state, query, url)).results;
  const states = (await list(null)).toSorted((a, b) => a.id - b.id).map(({ state, amount_due }) => [state, amount_due]);
  assert.deepEqual(states, [
    ['open', 2000],
    ['paid', 0],
    ['collected', 0],
    ['written_off', 0],
    ['paid', 0],
    ['open', 2000],
    ['paid', 0],
  ]);
  assert.equal((await list('open')).length, 2);

  const browser = await signInBrowser(app, 'lister');
  const page = await browser.get('/billing/lister-shop/payment-links/?state=open');
  assert.equal(page.status, 200);
  assert.match(page.text, /2 orders/);
  assert.ok(page.text.includes(`/billing/payments/${codes[0]}/`), 'the open link can be copied');
  const all = await browser.get('/billing/lister-shop/payment-links/');
  assert.ok(!all.text.includes(codes[1] ?? 'x'), 'a paid link is not shown');
  const csv = await browser.get('/billing/lister-shop/payment-links/download/?state=collected');
  assert.match(csv.text, /Paid elsewhere/);
  assert.equal(csv.text.trim().split('\n').length, 2);
});

test('the provider mails the link of an unpaid order to its payer, once an hour', async () => {
  const { profile: shop } = await registerProvider(app, 'mailer', 'mailer-shop');
  const plan = await makePlan(ctx, { provider_id: shop.id });
  const buyer = await makeBuyer(ctx);
  const code = await place(buyer, plan);
  const url = new URL('http://site.example/');
  const [link] = (await listPaymentLinks(app.db, shop.id, null, query, url)).results;
  assert.ok(link);
  const browser = await signInBrowser(app, 'mailer');
  await browser.get('/billing/mailer-shop/payment-links/');
  assert.equal((await browser.post('/billing/mailer-shop/payment-links/', { link: String(link.id) })).status, 303);
  await app.tollgate.worker.drain();
  const [mail] = app.tollgate.mailbox.list(buyer.profile.email);
  assert.match(mail?.text ?? '', /\$20\.00 is due/);
  assert.ok(mail?.text.includes(`/billing/payments/${code}/`));
  await assert.rejects(sendLink(ctx, shop.id, link.id), isProblemWithCode('payment_link_mailed'));
  await payLink(ctx, code, { token: 'tok_visa', remember_card: false, key: null });
  app.clock.set(new Date(app.clock.now().getTime() + 3_600_000));
  await assert.rejects(sendLink(ctx, shop.id, link.id), isProblemWithCode('payment_link_closed'));
  await assert.rejects(sendLink(ctx, buyer.profile.id, link.id), isProblemWithCode('payment_link_unknown'));
});

test('the checkout offers to pay later only if the provider lets customers, and its link pays the order', async () => {
  const { profile: shop } = await registerProvider(app, 'lender', 'lender-shop');
  const plan = await makePlan(ctx, { provider_id: shop.id, title: 'Later desk' });
  const buyer = apiClient(app, await registerUser(app, 'late'));
  assert.equal((await buyer('POST', '/api/cart', { plan: plan.slug })).status, 201);
  const browser = await signInBrowser(app, 'late');
  const lender = await signInBrowser(app, 'lender');
  await lender.get('/billing/lender-shop/payment-links/');
  const address = '/billing/late/checkout/';
  const terms = (is_allowed: object) =>
    lender.post('/billing/lender-shop/payment-links/', { action: 'terms', ...is_allowed });
  assert.match((await browser.get(address)).text, /Order now, pay later/);
  await terms({});
  assert.doesNotMatch((await browser.get(address)).text, /Order now, pay later/);
  const refused = await browser.post(address, { action: 'later' });
  assert.equal(refused.status, 403, refused.text);
  await terms({ is_allowed: '1' });
  await browser.get(address);
  const placed = await browser.post(address, { action: 'later' });
  assert.equal(placed.status, 303, placed.text);
  const link = String(placed.headers['location']);
  assert.match(link, /^\/billing\/payments\/[0-9a-f]{40}\/$/);
  assert.match((await browserClient(app).get(link)).text, /\$20\.00/);
});
