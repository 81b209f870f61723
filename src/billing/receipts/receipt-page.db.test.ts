import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { requirePageBudget, withoutCounts } from '../../../test/support/page-statements.ts';
import { apiClient, browserClient, registerUser } from '../../../test/support/client.ts';
import { registerBrokerManager } from '../../../test/support/register-managers.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';

let app: TestApp;
let browser: ReturnType<typeof browserClient>;
let receipt: string;
let operator: Awaited<ReturnType<typeof registerBrokerManager>>;
before(async () => {
  app = await startApp({ config: { terms_required: false } });
  operator = await registerBrokerManager(app, 'donny');
  const buyer = apiClient(app, await registerUser(app, 'payer'));
  const plan = { title: 'Desk', slug: 'desk', period_amount: 2900, period_type: 'monthly', is_active: true };
  assert.equal((await operator('POST', '/api/profile/cowork/plans', plan)).status, 201);
  const seller = { street_address: '120 Market Street', locality: 'San Francisco', region: 'CA', postal_code: '94105' };
  assert.equal((await operator('PATCH', '/api/profile/cowork', { ...seller, country: 'US' })).status, 200);
  await buyer('PATCH', '/api/profile/payer', { street_address: '44 <b>Folsom</b> Street', locality: 'Oakland' });
  await buyer('POST', '/api/cart', { plan: 'desk' });
  const paid = await buyer('POST', '/api/billing/payer/checkout', { processor_token: 'tok_visa' });
  assert.equal(paid.status, 201, paid.text);
  receipt = `/billing/payer/receipt/${String(paid.json()['processor_key'])}/`;
  browser = browserClient(app);
  await browser.get('/login/');
  await browser.post('/login/', { username: 'payer', password: 'correct horse 7' });
});
after(() => app.close());

test('a receipt names seller and buyer with their addresses, on the page and for printing', async () => {
  for (const path of [receipt, `${receipt}printable/`]) {
    const { status, text } = await browser.get(path);
    assert.equal(status, 200, text);
    assert.match(text, /120 Market Street/);
    assert.match(text, /San Francisco, CA 94105/);
    assert.match(text, /United States/);
    assert.match(text, /44 &lt;b&gt;Folsom/);
    assert.match(text, /Desk, 1 month/);
    assert.match(text, /\$29\.00/);
    assert.match(text, /2026-000001/);
  }
});

test('the receipt is a PDF with the number of the invoice in its name', async () => {
  const { status, headers, text } = await browser.get(`${receipt}download/`);
  assert.equal(status, 200, text);
  assert.equal(headers['content-type'], 'application/pdf');
  assert.equal(headers['content-disposition'], 'inline; filename="invoice-2026-000001.pdf"');
  assert.match(text, /^%PDF-1\.[0-9]/);
  assert.match(text, /%%EOF\s*$/);
});

test('the invoice keeps the parties of its day; the receipt lists its credit notes', async () => {
  await app.db.updateTable('profiles').set({ locality: 'Fresno' }).where('slug', '=', 'payer').execute();
  const key = receipt.split('/')[4];
  const lines = [{ num: 0, refunded_amount: 900 }];
  const refunded = await operator('POST', `/api/billing/payer/charges/${key}/refund`, { lines });
  assert.equal(refunded.status, 201, refunded.text);
  for (const path of [receipt, `${receipt}printable/`]) {
    const { text } = await browser.get(path);
    assert.match(text, /Oakland/);
    assert.doesNotMatch(text, /Fresno/);
    assert.match(text, /CN-2026-000001/);
    assert.match(text, /−\$9\.00 of invoice 2026-000001/);
  }
});

test('the receipt is not promised to an address that was not verified', async () => {
  assert.equal((await browser.post(receipt, {})).status, 303);
  assert.match((await browser.get(receipt)).text, /payer@example\.com\. This address is not verified/);
});

test('the payer has the receipt mailed again', async () => {
  // An address that was not proved receives few messages a day.
  await app.db
    .updateTable('users')
    .set({ email_verified_at: app.clock.now() })
    .where('username', '=', 'payer')
    .execute();
  await app.tollgate.worker.drain();
  const receipts = () => app.tollgate.mailbox.list('payer@example.com').filter(({ text }) => text.includes(receipt));
  const before_count = receipts().length;
  const sent = await browser.post(receipt, {});
  assert.equal(sent.status, 303, sent.text);
  assert.equal(sent.headers['location'], receipt);
  assert.match((await browser.get(receipt)).text, /on its way to payer@example\.com/);
  await app.tollgate.worker.drain();
  assert.equal(receipts().length, before_count + 1);
  const [mail] = receipts();
  assert.match(mail?.html ?? '', /Invoice <a href="[^"]*\/receipt\/[^"]*">2026-000001<\/a>/);
});

test('another user neither reads nor mails a receipt', async () => {
  await registerUser(app, 'other');
  const other = browserClient(app);
  await other.get('/login/');
  await other.post('/login/', { username: 'other', password: 'correct horse 7' });
  assert.equal((await other.get(`${receipt}printable/`)).status, 403);
  assert.equal((await other.post(receipt, {})).status, 403);
});

test('the page stays within the budget of statements', { skip: withoutCounts }, async () => {
  await requirePageBudget((url) => browser.get(url), [receipt]);
});

test('an invoice and a credit note have a page and a file', async () => {
  const path = '/billing/payer/documents/cowork/2026-000001/';
  assert.ok((await browser.get(receipt)).text.includes(`href="${path}"`));
  const { status, text } = await browser.get(path);
  assert.equal(status, 200, text);
  for (const shown of [/Oakland/, /120 Market Street/, /\$29\.00, paid/, /CN-2026-000001/]) assert.match(text, shown);
  const note = await browser.get('/billing/payer/documents/cowork/CN-2026-000001/');
  assert.match(note.text, /For invoice<\/dt><dd>2026-000001/);
  assert.doesNotMatch(note.text, /Still due/);
  for (const [number, name] of [
    ['2026-000001', 'invoice-2026-000001'],
    ['CN-2026-000001', 'credit-note-CN-2026-000001'],
  ]) {
    const file = await browser.get(`/billing/payer/documents/cowork/${number}/download/`);
    assert.match(file.text, /^%PDF-/);
    assert.equal(file.headers['content-disposition'], `inline; filename="${name}.pdf"`);
  }
  for (const unknown of ['cowork/2026-000009', 'payer/2026-000001']) {
    const url = `/billing/payer/documents/${unknown}/`;
    assert.equal((await browser.get(url)).status, 404, unknown);
    assert.equal((await operator('GET', url)).json()['code'], 'document_unknown');
  }
  await requirePageBudget((url) => browser.get(url), [path]);
});

test('an invoice that is not paid says what is due, and the history links to it', async () => {
  await operator('POST', '/api/cart', { plan: 'desk' });
  const placed = await operator('POST', '/api/billing/payer/checkout/paylater', {});
  assert.ok(placed.status < 300, placed.text);
  const path = '/billing/payer/documents/cowork/2026-000002/';
  const { text } = await browser.get(path);
  assert.match(text, /\$29\.00 still due/);
  assert.ok((await browser.get('/billing/payer/history/')).text.includes(path));
  // The first invoice is paid: payments settle the oldest order first.
  assert.match((await browser.get('/billing/payer/documents/cowork/2026-000001/')).text, /\$29\.00, paid/);
});
