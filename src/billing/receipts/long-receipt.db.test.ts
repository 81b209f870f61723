import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findCharge } from '#payments';
import { apiClient, registerUser, signInBrowser } from '../../../test/support/client.ts';
import { makePlan } from '../../../test/support/factories/catalog.ts';
import { testContext } from '../../../test/support/context.ts';
import { startApp, type TestApp } from '../../../test/support/start-app.ts';
import { partOf, RECEIPT_LINES, viewReceipt } from './view-receipt.ts';

const SEATS_COUNT = 250;
let app: TestApp;
let key: string;
before(async () => {
  app = await startApp();
  const plan = await makePlan({ ...(await testContext(app.db)), clock: app.clock });
  const buyer = apiClient(app, await registerUser(app, 'bulk'));
  const seats = Array.from({ length: SEATS_COUNT }, (_, index) => ({
    plan: plan.slug,
    sync_on: `seat-${index}@example.com`,
    full_name: `Person ${index}`,
  }));
  for (let from = 0; from < seats.length; from += 100) {
    const added = await buyer('POST', '/api/cart', seats.slice(from, from + 100));
    assert.ok(added.status < 300, added.text);
  }
  const paid = await buyer('POST', '/api/billing/bulk/checkout', { processor_token: 'tok_visa' });
  assert.equal(paid.status, 201, paid.text);
  key = String(paid.json()['processor_key']);
});
after(() => app.close());

test('a page of a receipt has a bounded part of its lines, and the last page has the rest', () => {
  assert.deepEqual(partOf(1, 1), { first: 0, end: 1 });
  assert.deepEqual(partOf(10_000, 100), { first: 9900, end: 10_000 });
  assert.deepEqual(partOf(250, 3), { first: 200, end: 250 });
  assert.deepEqual(partOf(250, 99), { first: 200, end: 250 });
  assert.deepEqual(partOf(0, 1), { first: 0, end: 0 });
  assert.deepEqual(partOf(250, null), { first: 0, end: 250 });
});

test('the receipt and the printable page of a long order show 100 lines and the sums of all', async () => {
  const browser = await signInBrowser(app, 'bulk');
  for (const url of [`/billing/bulk/receipt/${key}/`, `/billing/bulk/receipt/${key}/printable/`]) {
    const first = await browser.get(url);
    assert.equal(first.status, 200);
    assert.equal(first.text.match(/<th scope="row"/g)?.length, RECEIPT_LINES);
    assert.match(first.text, /Lines 1 to 100 of 250/);
    assert.match(first.text, /\$5,000\.00/);
    const last = await browser.get(`${url}?page=3`);
    assert.equal(last.text.match(/<th scope="row"/g)?.length, 50);
    assert.match(last.text, /Lines 201 to 250 of 250/);
    assert.doesNotMatch(last.text, /Next lines/);
  }
});

test('the message with the receipt lists 20 lines and names the number of the others', async () => {
  await app.tollgate.worker.drain();
  const mails = app.tollgate.mailbox.list().filter(({ event }) => event === 'charge_updated');
  const [mail] = mails;
  assert.ok(mail);
  assert.match(mail.text, /And 230 more lines/);
  assert.equal(mail.text.match(/Person [0-9]+/g)?.length, 20);
});

test('the file has every line', async () => {
  const charge = await findCharge(app.db, key);
  assert.ok(charge);
  const all = await viewReceipt(await testContext(app.db), charge);
  assert.equal(all.charge_items.length, SEATS_COUNT);
  // All lines are read in parts: they are those of the pages, in their order.
  const pages = [];
  for (const page of [1, 2, 3]) pages.push(await viewReceipt(await testContext(app.db), charge, null, page));
  assert.deepEqual(
    all.charge_items,
    pages.flatMap(({ charge_items }) => charge_items),
  );
  assert.equal(new Set(all.charge_items.map(({ invoiced }) => invoiced.description)).size, SEATS_COUNT);
});
