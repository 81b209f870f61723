import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { requirePageBudget, withoutCounts } from '../../../test/support/page-statements.ts';
import type { browserClient } from '../../../test/support/client.ts';
import { apiClient, registerUser, signInBrowser } from '../../../test/support/client.ts';
import { registerBrokerManager } from '../../../test/support/register-managers.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
let broker: ReturnType<typeof browserClient>;
const keys: string[] = [];
const hostile = '<b>=Evil & "Sons"';
before(async () => {
  app = await startApp({ config: { terms_required: false } });
  const operator = await registerBrokerManager(app, 'donny');
  const buyer = apiClient(app, await registerUser(app, 'reader'));
  assert.equal((await buyer('PUT', '/api/profile/reader', { full_name: hostile })).status, 200);
  for (const [slug, title, period_amount] of [
    ['desk', 'Desk', 2900],
    ['office', '=Office', 1_517_999],
  ] as const) {
    const plan = { title, slug, period_amount, period_type: 'monthly', is_active: true };
    assert.equal((await operator('POST', '/api/profile/cowork/plans', plan)).status, 201);
    assert.equal((await buyer('POST', '/api/cart', { plan: slug })).status, 201);
    const paid = await buyer('POST', '/api/billing/reader/checkout', { processor_token: 'tok_visa' });
    assert.equal(paid.status, 201, paid.text);
    keys.push(paid.json<{ processor_key: string }>().processor_key);
  }
  const lines = [{ num: 0, refunded_amount: 900 }];
  assert.equal((await operator('POST', `/api/billing/reader/charges/${keys[0]}/refund`, { lines })).status, 201);
  await app.http.inject({
    method: 'POST',
    url: `/_dev/processor/charges/${keys[1]}`,
    payload: { state: 'disputed' },
  });
  broker = await signedIn('donny');
});
after(() => app.close());

const signedIn = (username: string) => signInBrowser(app, username);

const address = '/billing/charges/';
const rowsOf = (html: string) => html.split('<tr role="row">').length - 2;

test('the broker sees every charge with its state, refunds and the total of the filtered rows', async () => {
  const { status, text } = await broker.get(address);
  assert.equal(status, 200, text);
  assert.equal(rowsOf(text), 2);
  assert.match(text, /\$15,208\.99 in total/);
  assert.match(text, /Partly refunded/);
  assert.match(text, /\$9\.00<\/span>\s+refunded/);
  assert.match(text, /Disputed<\/span>/);
  assert.doesNotMatch(text, /<b>=Evil/);
  assert.match(text, /<span dir="auto">Desk, 1 month/);
  assert.match(text, new RegExp(`href="/billing/reader/receipt/${keys[0]}/\\?next=`));
});

test('tabs, search, amounts and sorting select rows and the total', async () => {
  for (const [query, rows, total] of [
    ['?state=done', 1, '\\$29\\.00'],
    ['?state=refunded', 1, '\\$29\\.00'],
    ['?state=disputed', 1, '\\$15,179\\.99'],
    ['?q=evil', 2, '\\$15,208\\.99'],
    [`?q=${keys[1]}`, 1, '\\$15,179\\.99'],
    ['?amount_min=100', 1, '\\$15,179\\.99'],
    ['?o=full_name&amount_max=29', 1, '\\$29\\.00'],
  ] as const) {
    const { text } = await broker.get(`${address}${query}`);
    assert.equal(rowsOf(text), rows, query);
    assert.match(text, new RegExp(`${total} in total`), query);
  }
  const counted = await broker.get(`${address}?q=evil`);
  assert.match(counted.text, /Disputed <small>1<\/small>/);
  assert.match((await broker.get(`${address}?state=failed`)).text, /No charge/);
  assert.equal((await broker.get(`${address}?state=x&amount_min=y&page=99&o=secret`)).status, 200);
});

test('the download has the filtered rows and no formula', async () => {
  const { headers, text } = await broker.get(`${address}download/?o=amount`);
  assert.equal(headers['content-type'], 'text/csv; charset=utf-8');
  const [head, first, second] = text.split('\r\n');
  assert.equal(head, 'Created at,Amount,State,Description');
  assert.match(first ?? '', /^\d{4}-\d\d-\d\d,29\.00,done,/);
  assert.match(second ?? '', /^\d{4}-\d\d-\d\d,15179\.99,disputed,Charge ch_/);
  const found = await broker.get(`${address}download/?state=disputed`);
  assert.equal(found.text.trimEnd().split('\r\n').length, 2);
});

test('only the broker opens the list', async () => {
  const reader = await signedIn('reader');
  for (const url of [address, `${address}download/`]) {
    assert.equal((await reader.get(url)).status, 403, url);
  }
});

test('the page stays within the budget of statements', { skip: withoutCounts }, async () => {
  await requirePageBudget((url) => broker.get(url), [address]);
});
