import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { requirePageBudget, withoutCounts } from '../../../test/support/page-statements.ts';
import { apiClient, browserClient, registerUser } from '../../../test/support/client.ts';
import { registerBrokerManager } from '../../../test/support/register-managers.ts';
import { testPassword } from '../../../test/support/factories/accounts.ts';
import { orderEntry } from '../../../test/support/factories/ledger.ts';
import { makeMember, makeReadyUser } from '../../../test/support/factories/profiles.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';
import { postEvent } from '#ledger';
import { inTransaction } from '#platform/db/database';
import { findProfileBySlug } from '#profiles';

let app: TestApp;
let browser: ReturnType<typeof browserClient>;
before(async () => {
  app = await startApp({ config: { terms_required: false } });
  const operator = await registerBrokerManager(app, 'donny');
  const buyer = apiClient(app, await registerUser(app, 'reader'));
  for (const [slug, title, period_amount] of [
    ['desk', 'Desk', 2900],
    ['office', '=Office', 17_999],
  ] as const) {
    const plan = { title, slug, period_amount, period_type: 'monthly', is_active: true };
    assert.equal((await operator('POST', '/api/profile/cowork/plans', plan)).status, 201);
    assert.equal((await buyer('POST', '/api/cart', { plan: slug })).status, 201);
    const paid = await buyer('POST', '/api/billing/reader/checkout', { processor_token: 'tok_visa' });
    assert.equal(paid.status, 201, paid.text);
  }
  browser = browserClient(app);
  await browser.get('/login/');
  await browser.post('/login/', { username: 'reader', password: 'correct horse 7' });
});
after(() => app.close());

const history = '/billing/reader/history/';
const rowsOf = (html: string) => html.split('<tr role="row">').length - 2;

test('a reader finds, sorts and clears the transactions by links', async () => {
  const { text } = await browser.get(history);
  assert.equal(rowsOf(text), 4, text);
  assert.match(text, /aria-sort="descending"/);
  assert.match(text, /4 transactions/);
  assert.match(text, /href="\/billing\/reader\/history\/download\/"/);
  const found = await browser.get(`${history}?q=desk&o=amount`);
  assert.equal(found.status, 200);
  assert.match(found.text, /aria-sort="ascending"/);
  const nothing = await browser.get(`${history}?q=harbour`);
  assert.match(nothing.text, /No transaction matches “harbour”/);
  assert.match(nothing.text, /href="\/billing\/reader\/history\/"[^>]*>Clear the filters/);
});

test('the page of a receipt leads back to the list with its filters', async () => {
  const { text } = await browser.get(`${history}?q=payment&page_size=1`);
  const link = /href="([^"]*\/receipt\/[^"]*next=[^"]*)"/.exec(text)?.[1]?.replaceAll('&amp;', '&');
  assert.ok(link, text);
  const receipt = await browser.get(link);
  assert.match(receipt.text, /href="\/billing\/reader\/history\/\?q=payment&amp;page_size=1"[^>]*>Back to billing/);
});

test('a page after the last one and invalid parameters show the list, never an error', async () => {
  const last = await browser.get(`${history}?page=99&page_size=3`);
  assert.equal(last.status, 200);
  assert.equal(rowsOf(last.text), 1);
  assert.match(last.text, /4 to 4 of 4 transactions/);
  for (const query of [
    'page=0',
    'page=x',
    'page=9999999',
    'start_at=x',
    'ends_at=0000-00-00',
    'o=secret&o=-x',
    'q=a&q=b',
    'timezone=x',
  ]) {
    assert.equal((await browser.get(`${history}?${query}`)).status, 200, query);
  }
  assert.match((await browser.get(`${history}?start_at=soon`)).text, /“soon” is not a date and was left out/);
});

test('a subscriber sees each plan with its price and end, the next renewal, and orders another period', async () => {
  const { text } = await browser.get(history);
  assert.match(text, /id="plan-desk"[^>]*>Desk<[\s\S]*?\$29\.00[\s\S]*?per month/);
  assert.match(text, /Everything is paid/);
  assert.match(text, /Next renewal<\/h2>[\s\S]*?\$\d+/);
  const renewed = await browser.post('/billing/reader/cart/', { plan: 'desk', action: 'add' });
  assert.equal(renewed.status, 303, renewed.text);
  assert.match((await browser.get('/billing/reader/checkout/')).text, /Desk/);
});

test('a contributor sees the plans, and neither pays nor orders', async () => {
  const { db } = app;
  const guest = await makeReadyUser(db, { username: 'guest' });
  const reader = await findProfileBySlug(db, 'reader');
  assert.ok(reader);
  await makeMember(db, reader, guest, 'contributor');
  const visitor = browserClient(app);
  await visitor.get('/login/');
  await visitor.post('/login/', { username: 'guest', password: testPassword });
  const { status, text } = await visitor.get(history);
  assert.equal(status, 200, text);
  assert.match(text, /id="plan-desk"/);
  assert.doesNotMatch(text, /Pay now|>Renew<|\/balance\/desk\/|Add a plan/);
});

test('the page stays within the budget of statements', { skip: withoutCounts }, async () => {
  await requirePageBudget((url) => browser.get(url), [history]);
});

test('the download has all rows of the list with its filters, amounts as signed decimals, no formula', async () => {
  const { status, headers, text } = await browser.get(`${history}download/?page=7&page_size=1`);
  assert.equal(status, 200, text);
  assert.equal(headers['content-type'], 'text/csv; charset=utf-8');
  assert.match(String(headers['content-disposition']), /^attachment; filename="history-\d{8}\.csv"$/);
  const [head, ...rows] = text.trimEnd().split('\r\n');
  assert.equal(head, 'Created at,Amount,Unit,Description');
  assert.equal(rows.length, 4, text);
  for (const row of rows) assert.match(row, /^\d{4}-\d\d-\d\d,-?\d+\.\d\d,usd,[^=]/);
  assert.match(text, /,179\.99,usd,'=Office, 1 month|,179\.99,usd,"'=Office, 1 month/);
  const found = await browser.get(`${history}download/?q=desk&o=amount`);
  assert.ok(found.text.split('\r\n').length < 6, found.text);
});

test('what is due for a plan stands at it and on top, with the pages that pay it', async () => {
  const { db } = app;
  const subscription = await db.selectFrom('subscriptions').select('id').orderBy('id').executeTakeFirstOrThrow();
  const payer = await db.selectFrom('profiles').select('id').where('slug', '=', 'reader').executeTakeFirstOrThrow();
  const provider = await findProfileBySlug(db, 'cowork');
  assert.ok(provider);
  const subject = { kind: 'sub', id: String(subscription.id), part: '' } as const;
  const owed = orderEntry({ provider: provider.id, payer: payer.id, amount: 1234, subject });
  await inTransaction(db, (tx) =>
    postEvent(tx, { key: 'order:owed', kind: 'order', at: app.clock.now(), entries: [owed] }),
  );
  const { text } = await browser.get(history);
  assert.match(text, /Balance due<\/h2>[\s\S]*?\$12\.34[\s\S]*?href="\/billing\/reader\/balance\/">Pay now/);
  assert.match(text, /href="\/billing\/reader\/balance\/desk\/">Pay \$12\.34/);
});
