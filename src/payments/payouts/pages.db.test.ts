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
before(async () => {
  app = await startApp({ config: { terms_required: false } });
  const operator = await registerBrokerManager(app, 'donny');
  const buyer = apiClient(app, await registerUser(app, 'reader'));
  assert.equal((await buyer('PUT', '/api/profile/reader', { full_name: '=<b>Evil' })).status, 200);
  const plan = { title: 'Desk', slug: 'desk', period_amount: 2900, period_type: 'monthly', is_active: true };
  assert.equal((await operator('POST', '/api/profile/cowork/plans', plan)).status, 201);
  assert.equal((await buyer('POST', '/api/cart', { plan: 'desk' })).status, 201);
  const paid = await buyer('POST', '/api/billing/reader/checkout', { processor_token: 'tok_visa' });
  const { processor_key } = paid.json<{ processor_key: string }>();
  const lines = [{ num: 0, refunded_amount: 900 }];
  assert.equal((await operator('POST', `/api/billing/reader/charges/${processor_key}/refund`, { lines })).status, 201);
  [broker, reader] = [await signedIn('donny'), await signedIn('reader')];
});
after(() => app.close());

const signedIn = (username: string) => signInBrowser(app, username);

const url = '/billing/cowork/transfers/';
const rowsOf = (html: string) => html.split('<tr role="row">').length - 2;

test('the funds page has the balance, and the payments and refunds that made it', async () => {
  const { status, text } = await broker.get(url);
  assert.equal(status, 200, text);
  assert.match(text, /Funds available/);
  assert.equal(rowsOf(text), 2);
  assert.match(text, /Desk, 1 month/);
  assert.match(text, />Refund</);
  assert.match(text, />Payment</);
  assert.doesNotMatch(text, /<b>Evil/);
  assert.equal(rowsOf((await broker.get(`${url}?q=refund`)).text), 1);
  assert.match((await broker.get(`${url}?q=harbour`)).text, /No transaction matches/);
});

test('the sales page has the orders', async () => {
  const { text } = await broker.get('/billing/cowork/receivables/');
  assert.equal(rowsOf(text), 1);
  assert.match(text, /\$29\.00 in total/);
});

test('the download has the documented columns and no formula', async () => {
  const { text } = await broker.get(`${url}download/`);
  const [head, ...rows] = text.trimEnd().split('\r\n');
  assert.equal(head, 'Created at,Amount,Unit,Description,Full name');
  assert.equal(rows.length, 2, text);
  for (const row of rows) assert.match(row, /^\d{4}-\d\d-\d\d,-?\d+\.\d\d,usd,.*,'=<b>Evil$/);
});

test('only members of the provider open the pages', async () => {
  for (const path of [url, `${url}download/`, '/billing/cowork/receivables/']) {
    assert.equal((await reader.get(path)).status, 403, path);
  }
});

test('the pages stay within the budget of statements', { skip: withoutCounts }, async () => {
  await requirePageBudget((path) => broker.get(path), [url, '/billing/cowork/receivables/']);
});
