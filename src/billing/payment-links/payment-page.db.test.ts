import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findProfileBySlug } from '#profiles';
import { apiClient, browserClient } from '../../../test/support/client.ts';
import { testContext } from '../../../test/support/context.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { makeMember, makeOrganization, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { tokenOf } from '../../../test/support/sign-in.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
let manager: ReturnType<typeof apiClient>;
let payer: ReturnType<typeof apiClient>;

before(async () => {
  app = await startApp();
  const broker = await findProfileBySlug(app.db, 'cowork');
  assert.ok(broker);
  const [user, boss] = [await makeReadyUser(app.db), await makeReadyUser(app.db)];
  await makeMember(app.db, broker, user, 'manager');
  await makeOrganization(app.db, { slug: 'acme', manager: boss });
  await makePlan(await testContext(app.db), { title: 'Desk', period_amount: 2000 });
  manager = apiClient(app, await tokenOf(app, user));
  payer = apiClient(app, await tokenOf(app, boss));
});
after(() => app.close());

async function placeLink(): Promise<string> {
  assert.equal((await manager('POST', '/api/cart', { plan: 'desk' })).status, 201);
  const placed = await manager('POST', '/api/billing/acme/checkout/paylater', {});
  assert.equal(placed.status, 201, placed.text);
  const { claim_code, state, processor_key } = placed.json<Record<string, string | null>>();
  assert.deepEqual([state, processor_key], ['created', null]);
  assert(claim_code);
  return claim_code;
}

const card = {
  card_name: 'Pat Payer',
  card_number: '4242424242424242',
  card_exp: '12/30',
  card_cvc: '123',
};

test('a visitor pays an order by its link without scripts', async () => {
  const code = await placeLink();
  const path = `/billing/payments/${code}/`;
  const browser = browserClient(app);
  const page = await browser.get(path);
  assert.equal(page.status, 200, page.text);
  assert.match(page.text, /\$20\.00/);
  const declined = await browser.post(path, { ...card, card_number: '4000000000000002' });
  assert.equal(declined.status, 400);
  assert.match(declined.text, /The payment did not go through/);
  const paid = await browser.post(path, card);
  assert.equal(paid.status, 303, paid.text);
  assert.match((await browser.get(path)).text, /This order is paid/);
  assert.equal((await payer('GET', '/api/billing/acme/balance')).json()['balance_amount'], 0);
  const again = await browser.post(path, card);
  assert.equal(again.status, 409);
  assert.match(again.text, /This order is paid/);
});

test('the API shows a link to every caller and pays it once', async () => {
  const code = await placeLink();
  const visitor = apiClient(app);
  const seen = await visitor('GET', `/api/billing/payments/${code}`);
  assert.equal(seen.status, 200, seen.text);
  const { amount_due, state, results } = seen.json<{ amount_due: number; state: string; results: unknown[] }>();
  assert.deepEqual([amount_due, state, results.length], [2000, 'created', 1]);
  const unpaid = await visitor('POST', `/api/billing/payments/${code}`, {});
  assert.equal(unpaid.status, 400);
  assert.deepEqual(unpaid.json()['processor_token'], ['This field is required.']);
  const paid = await visitor('POST', `/api/billing/payments/${code}`, { processor_token: 'tok_visa' });
  assert.equal(paid.status, 201, paid.text);
  const twice = await visitor('POST', `/api/billing/payments/${code}`, { processor_token: 'tok_visa' });
  assert.deepEqual([twice.status, twice.json()['code']], [409, 'payment_link_closed']);
  const collected = await manager('POST', `/api/billing/cowork/payments/${code}/collected`, {});
  assert.equal(collected.status, 409);
  assert.equal((await visitor('GET', `/api/billing/payments/${code}`)).json()['state'], 'done');
  assert.equal((await visitor('GET', `/api/billing/payments/${'0'.repeat(40)}`)).status, 404);
});

test('a subscriber cannot order without paying by default', async () => {
  assert.equal((await payer('POST', '/api/cart', { plan: 'desk' })).status, 201);
  const refused = await payer('POST', '/api/billing/acme/checkout/paylater', {});
  assert.deepEqual([refused.status, refused.json()['code']], [403, 'pay_later_refused']);
});

test('the provider collects a link once, without a body', async () => {
  const code = await placeLink();
  const url = `/api/billing/cowork/payments/${code}/collected`;
  assert.equal((await payer('POST', url)).status, 403);
  const collected = await manager('POST', url);
  assert.deepEqual([collected.status, collected.json()['state']], [200, 'done'], collected.text);
  assert.equal((await manager('POST', url)).status, 409);
});
