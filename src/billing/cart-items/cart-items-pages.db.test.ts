import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { requirePageBudget, withoutCounts } from '../../../test/support/page-statements.ts';
import type { browserClient } from '../../../test/support/client.ts';
import { apiClient, registerUser, signInBrowser } from '../../../test/support/client.ts';
import { registerBrokerManager } from '../../../test/support/register-managers.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
let broker: ReturnType<typeof browserClient>;
let reader: ReturnType<typeof browserClient>;
let operator: ReturnType<typeof apiClient>;
const carts = '/billing/cartitems/';
const cart = `${carts}reader/`;
before(async () => {
  app = await startApp({ config: { terms_required: false } });
  operator = await registerBrokerManager(app, 'donny');
  const buyer = apiClient(app, await registerUser(app, 'reader'));
  await registerUser(app, 'other');
  for (const [slug, title] of [
    ['desk', '<b>Desk'],
    ['office', 'Office'],
  ] as const) {
    const plan = { title, slug, period_amount: 2900, period_type: 'monthly', is_active: true };
    assert.equal((await operator('POST', '/api/profile/cowork/plans', plan)).status, 201);
  }
  assert.equal((await buyer('POST', '/api/cart', { plan: 'desk' })).status, 201);
  broker = await signedIn('donny');
  reader = await signedIn('reader');
});
after(() => app.close());

const signedIn = (username: string) => signInBrowser(app, username);

interface Item {
  id: number;
  plan: { slug: string };
  quantity: number;
  sync_on: string | null;
}
const items = async () =>
  (await operator('GET', '/api/billing/cartitems/user/reader')).json<{ results: Item[] }>().results;
const empty = { option: '0', quantity: '0', sync_on: '', full_name: '', email: '' };

test('the broker finds carts by user and opens one', async () => {
  const all = await broker.get(carts);
  assert.equal(all.status, 200, all.text);
  assert.match(all.text, /href="\/billing\/cartitems\/reader\/\?next=/);
  assert.match(all.text, /&lt;b&gt;Desk/);
  assert.match((await broker.get(`${carts}?q=other`)).text, /No item matches/);
  assert.equal((await broker.get(`${carts}?o=-username&page=7&start_at=x`)).status, 200);
  assert.equal((await broker.get(`${carts}no-such-user/`)).status, 404);
  const csv = (await broker.get(`${cart}download/`)).text.trim().split('\r\n');
  assert.match(csv[0] ?? '', /^Added at,Name,Email,Plan,/);
  assert.equal(csv.length, 1 + (await items()).length);
});

test('an item is added, changed and removed after a confirmation; refusals keep the input', async () => {
  await broker.get(cart);
  const unknown = await broker.post(cart, { ...empty, plan: 'no-such-plan', full_name: 'Kept Name' });
  assert.equal(unknown.status, 400, unknown.text);
  assert.match(unknown.text, /value="no-such-plan"/);
  assert.match(unknown.text, /value="Kept Name"/);
  const added = await broker.post(cart, { ...empty, plan: 'office' });
  assert.deepEqual([added.status, added.headers['location']], [303, cart]);
  const office = (await items()).find(({ plan }) => plan.slug === 'office');
  assert.ok(office);

  const form = `${cart}${office.id}/`;
  assert.equal((await broker.get(form)).status, 200);
  const wrong = await broker.post(form, { ...empty, quantity: 'many' });
  assert.equal(wrong.status, 400);
  assert.match(wrong.text, /value="many"/);
  const changed = await broker.post(form, { ...empty, quantity: '3', sync_on: 'other' });
  assert.deepEqual([changed.status, changed.headers['location']], [303, cart]);
  const after_change = (await items()).find(({ id }) => id === office.id);
  assert.deepEqual([after_change?.quantity, after_change?.sync_on], [3, 'other']);

  assert.match((await broker.get(`${form}remove/`)).text, /leaves the cart at once/);
  assert.equal((await items()).length, 2);
  assert.equal((await broker.post(`${form}remove/`, {})).status, 303);
  assert.deepEqual(
    (await items()).map(({ plan }) => plan.slug),
    ['desk'],
  );
  assert.equal((await broker.post(`${form}remove/`, {})).status, 404);
});

test('an item is found in the cart of its user only, and by the broker only', async () => {
  const [desk] = await items();
  assert.ok(desk);
  assert.equal((await broker.get(`${carts}other/${desk.id}/`)).status, 404);
  for (const url of [carts, cart, `${cart}${desk.id}/`, `${cart}${desk.id}/remove/`]) {
    assert.equal((await reader.get(url)).status, 403, url);
  }
  await reader.get('/users/reader/');
  assert.equal((await reader.post(`${cart}${desk.id}/remove/`, {})).status, 403);
  assert.equal((await items()).length, 1);
});

test('each page stays within the budget of statements', { skip: withoutCounts }, async () => {
  const [desk] = await items();
  await requirePageBudget((url) => broker.get(url), [carts, cart, `${cart}${desk?.id}/`]);
});
