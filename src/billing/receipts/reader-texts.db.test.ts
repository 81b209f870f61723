import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apiClient, browserClient, registerUser } from '../../../test/support/client.ts';
import { registerBrokerManager } from '../../../test/support/register-managers.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
let operator: ReturnType<typeof apiClient>;
let buyer: ReturnType<typeof apiClient>;
let processor_key: string;
before(async () => {
  app = await startApp({ config: { terms_required: false } });
  operator = await registerBrokerManager(app, 'donny');
  buyer = apiClient(app, await registerUser(app, 'reader'));
  const plan = {
    title: 'Corner Office',
    slug: 'slug-of-office',
    period_amount: 17_999,
    period_type: 'monthly',
    is_active: true,
    broker_fee_percent: 1000,
    use_charges: [{ slug: 'slug-of-print', title: 'Print', use_amount: 300 }],
  };
  assert.equal((await operator('POST', '/api/profile/cowork/plans', plan)).status, 201);
  assert.equal((await buyer('POST', '/api/cart', { plan: 'slug-of-office', use: 'slug-of-print' })).status, 201);
  const paid = await buyer('POST', '/api/billing/reader/checkout', { processor_token: 'tok_visa' });
  assert.equal(paid.status, 201, paid.text);
  ({ processor_key } = paid.json<{ processor_key: string }>());
  const lines = [{ num: 0, refunded_amount: 1000 }];
  assert.equal((await operator('POST', `/api/billing/reader/charges/${processor_key}/refund`, { lines })).status, 201);
  assert.equal(
    (
      await app.http.inject({
        method: 'POST',
        url: `/_dev/processor/charges/${processor_key}`,
        payload: { state: 'disputed' },
      })
    ).statusCode,
    200,
  );
});
after(() => app.close());

const INTERNAL_ID = /\b(?:sub|cha|cpn|order|profile)_\d+/;

interface Listed {
  count: number;
  results: { description: string }[];
}

test('no ledger description shows an internal id: lines name subscriber and plan', async () => {
  for (const url of [
    '/api/billing/transactions',
    '/api/billing/reader/history',
    '/api/billing/cowork/transfers',
    '/api/billing/cowork/receivables',
    '/api/billing/charges',
  ]) {
    const { results, count } = (await operator('GET', url)).json<Listed>();
    assert(count > 0, url);
    for (const { description } of results) assert.doesNotMatch(description, INTERNAL_ID, url);
  }
  const rows = await app.db.selectFrom('ledger_entries').select('description').execute();
  const texts = rows.map(({ description }) => description);
  for (const text of texts) assert.doesNotMatch(text, INTERNAL_ID);
  assert(texts.includes(`Charge ${processor_key} distribution for reader:slug-of-office`));
  assert(texts.includes(`Charge ${processor_key} processor fee for reader:slug-of-office`));
  assert(texts.includes(`Charge ${processor_key} dispute fee`));
});

test('the billing history names titles, periods and the card', async () => {
  const browser = browserClient(app);
  await browser.get('/login/');
  await browser.post('/login/', { username: 'reader', password: 'correct horse 7' });
  const { text } = await browser.get('/billing/reader/history/');
  const table = text.slice(text.indexOf('<tbody'), text.indexOf('</tbody>'));
  assert.match(table, /Corner Office, 1 month until Apr 10, 2026/);
  assert.match(table, /1 × Print, Corner Office/);
  assert.match(table, /Payment by card ending in \d{4}/);
  assert.match(table, /Refund of Corner Office, 1 month/);
  assert.match(table, /Dispute about Corner Office, 1 month/);
  const shown = table.replaceAll(/<[^>]+>/g, ' ');
  assert.doesNotMatch(shown, /slug-of|\bch_|tok_/);
  assert.doesNotMatch(shown, INTERNAL_ID);

  const receipt = (await browser.get(`/billing/reader/receipt/${processor_key}/`)).text;
  const bought = receipt.slice(receipt.indexOf('<tbody'), receipt.indexOf('</tbody>'));
  assert.match(bought, /Corner Office, 1 month until Apr 10, 2026/);
  assert.match(bought, /Refund of Corner Office/);
  assert.doesNotMatch(receipt.replaceAll(/<[^>]+>/g, ' '), /slug-of/);
});

test('e-mails and charge descriptions name titles and periods', async () => {
  const events = await app.db.selectFrom('outbox_events').select(['name', 'payload']).execute();
  const named = events.filter(({ name }) => name === 'order_executed' || name === 'charge_updated');
  assert(named.length >= 3);
  for (const { payload } of named) {
    const { lines } = payload as { lines: { description: string }[] };
    assert.deepEqual(
      lines.map(({ description }) => description),
      ['Corner Office, 1 month until Apr 10, 2026', '1 × Print, Corner Office'],
    );
  }
  await buyer('POST', '/api/cart', { plan: 'slug-of-office' });
  await buyer('POST', '/api/billing/reader/checkout', { processor_token: 'tok_visa' });
  const charges = await app.db
    .selectFrom('test_processor_charges')
    .select('description')
    .orderBy('created_at')
    .execute();
  assert.deepEqual(charges.map(({ description }) => description).toSorted(), [
    '2 items',
    'Corner Office, 1 month until May 10, 2026',
  ]);
});
