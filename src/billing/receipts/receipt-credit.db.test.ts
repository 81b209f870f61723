import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { browserClient } from '../../../test/support/client.ts';
import { type ChangeSite, expectStatus, startChanges } from '../../../test/support/changes.ts';
import { documentSheet } from './document-sheet.ts';
import { receiptSheet } from './receipt-sheet.ts';
import { viewDocument } from './view-document.ts';
import { viewReceipt } from './view-receipt.ts';
import { findCharge } from '#payments';

// Orders that credit pays in part: lines at full price, less each lot, is what the card pays and what stays due.

let site: ChangeSite;
let browser: ReturnType<typeof browserClient>;
let key: string;
const lots: number[] = [];

const give = async (profile: string, amount: number) =>
  (
    await expectStatus(
      site.broker('POST', `/api/billing/${profile}/credits`, { amount, unit: 'usd', descr: 'Thank you' }),
      201,
    )
  ).json<{ number: number }>().number;

before(async () => {
  site = await startChanges();
  await site.plan('lite');
  await site.plan('team');
  lots.push(await give('xia', 2300), await give('xia', 200));
  await site.xia('POST', '/api/cart', [{ plan: 'lite' }, { plan: 'team' }]);
  const paid = await expectStatus(
    site.xia('POST', '/api/billing/xia/checkout', { processor_token: 'tok_visa' }),
    200,
    201,
  );
  key = paid.json<{ processor_key: string }>().processor_key;
  browser = browserClient(site.app);
  await browser.get('/login/');
  await browser.post('/login/', { username: 'xia', password: 'correct horse 7' });
});
after(() => site.close());

/** Returns the text of the sums of a page, without markup. */
function sumsOf(html: string): string {
  const [, sums = ''] = /<dl class="tg-sums">([\s\S]*?)<\/dl>/.exec(html) ?? [];
  return sums
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

test('page, printable page and PDF show each lot, the card and what is due, and add up', async () => {
  const [first, second] = lots;
  const expected = [
    'Total $30.00',
    `Credit used (no. ${first}) −$23.00`,
    `Credit used (no. ${second}) −$2.00`,
    'Paid by card −$5.00',
    'Still due $0.00',
  ];
  for (const path of [`/billing/xia/receipt/${key}/`, `/billing/xia/receipt/${key}/printable/`]) {
    const { status, text } = await browser.get(path);
    assert.equal(status, 200, text);
    assert.equal(sumsOf(text), expected.join(' '));
    // The first line is paid by credit alone, so that the charge does not have it.
    assert.match(text, /lite[\s\S]*\$20\.00/);
    assert.match(text, /team[\s\S]*\$10\.00/);
  }
  const charge = await findCharge(site.ctx.db, key);
  assert.ok(charge);
  const view = await viewReceipt(site.ctx, charge);
  assert.deepEqual(view.charge_items.map(({ invoiced }) => invoiced.dest_amount).toSorted(), [1000, 2000]);
  const [table] = receiptSheet(view, 'en').tables;
  assert.deepEqual(
    table?.totals.map(({ label, amount }) => `${label} ${amount}`),
    expected,
  );
  assert.equal((await browser.get(`/billing/xia/receipt/${key}/download/`)).status, 200);
});

test('a seller sees only its lines and the credit that it gave', async () => {
  const charge = await findCharge(site.ctx.db, key);
  assert.ok(charge);
  const view = await viewReceipt(site.ctx, charge, []);
  assert.deepEqual([view.charge_items, view.credit_used, view.lines_total.amount], [[], [], 0]);
});

test('the mailed receipt shows the same sums', async () => {
  await site.app.tollgate.worker.drain();
  const mail = site.app.tollgate.mailbox
    .list('xia@example.com')
    .find(({ text }) => text.includes(`/billing/xia/receipt/${key}/`));
  const text = (mail?.html ?? '').replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
  const [first, second] = lots;
  assert.ok(
    text.includes(
      `Total $30.00 Credit used (no. ${first}) −$23.00 Credit used (no. ${second}) −$2.00 Paid by card −$5.00 Still due $0.00`,
    ),
    text,
  );
  assert.match(text, /\$10\.00 Also ordered, paid by credit: see the receipt \$20\.00/);
});

test('the invoice shows credit, and a rest that no card can pay stays due', async () => {
  await site.register('uma');
  await site.plan('almost', { period_amount: 1030 });
  const number = await give('uma', 1000);
  const uma = await site.signIn('uma');
  await expectStatus(uma('POST', '/api/cart', { plan: 'almost' }), 200, 201);
  await expectStatus(uma('GET', '/api/billing/uma/checkout'), 200);
  await expectStatus(uma('POST', '/api/billing/uma/checkout', {}), 200);
  const owner = browserClient(site.app);
  await owner.get('/login/');
  await owner.post('/login/', { username: 'uma', password: 'correct horse 7' });
  const { text } = await owner.get('/billing/uma/documents/cowork/2026-000002/');
  const expected = ['Total $10.30', `Credit used (no. ${number}) −$10.00`, 'Paid $0.00', 'Still due $0.30'];
  assert.equal(sumsOf(text), expected.join(' '));
  const { id } = await site.ctx.db
    .selectFrom('profiles')
    .select('id')
    .where('slug', '=', 'uma')
    .executeTakeFirstOrThrow();
  const view = await viewDocument(site.ctx, id, { provider: 'cowork', number: '2026-000002', sellers: null });
  const [table] = documentSheet(view, 'en').tables;
  assert.deepEqual(
    table?.totals.map(({ label, amount }) => `${label} ${amount}`),
    ['Total $10.30', `Credit used (no. ${number}) −$10.00`, 'Paid $0.00', 'Still due $0.30'],
  );
});
