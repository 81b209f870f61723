import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { requirePageBudget, withoutCounts } from '../../../test/support/page-statements.ts';
import type { browserClient } from '../../../test/support/client.ts';
import { apiClient, registerUser, signInBrowser } from '../../../test/support/client.ts';
import { registerBrokerManager } from '../../../test/support/register-managers.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
let broker: ReturnType<typeof browserClient>;
let key = '';
before(async () => {
  app = await startApp({ config: { terms_required: false } });
  const operator = await registerBrokerManager(app, 'donny');
  const buyer = apiClient(app, await registerUser(app, 'reader'));
  assert.equal((await buyer('PUT', '/api/profile/reader', { full_name: '=<b>Evil' })).status, 200);
  const plan = { title: 'Desk', slug: 'desk', period_amount: 2900, period_type: 'monthly', is_active: true };
  assert.equal((await operator('POST', '/api/profile/cowork/plans', plan)).status, 201);
  assert.equal((await buyer('POST', '/api/cart', { plan: 'desk' })).status, 201);
  const paid = await buyer('POST', '/api/billing/reader/checkout', { processor_token: 'tok_visa' });
  assert.equal(paid.status, 201, paid.text);
  key = paid.json<{ processor_key: string }>().processor_key;
  broker = await signedIn('donny');
});
after(() => app.close());

const signedIn = (username: string) => signInBrowser(app, username);

const address = '/billing/transactions/';
const eventsOf = (html: string) => html.split('<tr class="tg-event"').length - 1;
const rowsOf = (html: string) => html.split('<th scope="row"').length - 1;

test('the ledger shows its rows by event with links to the charge and to accounts', async () => {
  const { status, text } = await broker.get(address);
  assert.equal(status, 200, text);
  assert.ok(eventsOf(text) >= 2 && rowsOf(text) > eventsOf(text), `${eventsOf(text)} events, ${rowsOf(text)} rows`);
  assert.match(text, new RegExp(`href="/billing/reader/receipt/${key}/">Charge ${key}`));
  assert.match(text, /href="\/billing\/transactions\/\?selector=Payable">Payable/);
  assert.match(text, /href="\/activities\/accounts\/reader\/"/);
  assert.doesNotMatch(text, /<b>Evil/);
});

test('an account in the path or in the query selects its rows and its balance', async () => {
  const all = rowsOf((await broker.get(address)).text);
  const by_path = await broker.get(`${address}Funds/`);
  const by_query = await broker.get(`${address}?selector=Funds`);
  assert.equal(rowsOf(by_path.text), rowsOf(by_query.text));
  assert.ok(rowsOf(by_path.text) < all);
  assert.match(by_path.text, /\$29\.00 balance|\$2\d\.\d\d balance/);
  assert.match((await broker.get(`${address}Nothing/`)).text, /No row matches the filters/);
  assert.equal((await broker.get(`${address}?q=evil&o=-amount&page=9&start_at=x`)).status, 200);
  assert.equal(eventsOf((await broker.get(`${address}?o=-amount`)).text), 0);
});

test('the download has the headings of programs, newest rows first, and no formula', async () => {
  const { text, headers } = await broker.get(`${address}download/?selector=Payable`);
  assert.equal(headers['content-type'], 'text/csv; charset=utf-8');
  const [head, ...rows] = text.trimEnd().split('\r\n');
  assert.equal(
    head,
    'created_at,dest_amount,dest_unit,dest_organization,dest_account,orig_amount,orig_unit,orig_organization,orig_account,description',
  );
  assert.ok(rows.length >= 2);
  assert.ok(
    rows.every((row) => row.includes("'=<b>Evil") && row.includes('$29.00,usd')),
    text,
  );
  const instants = rows.map((row) => row.slice(0, 24));
  assert.deepEqual(instants, instants.toSorted().toReversed());
});

test('only the broker opens the ledger', async () => {
  const reader = await signedIn('reader');
  for (const url of [address, `${address}Funds/`, `${address}download/`]) {
    assert.equal((await reader.get(url)).status, 403, url);
  }
});

test('the page stays within the budget of statements', { skip: withoutCounts }, async () => {
  await requirePageBudget((url) => broker.get(url), [address, `${address}Funds/?q=evil`]);
});
