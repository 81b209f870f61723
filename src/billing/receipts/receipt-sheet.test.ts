import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printableReceiptPage, receiptPage } from './page-types.ts';
import { receiptSheet } from './receipt-sheet.ts';

function sampleOf(name: string) {
  const sample = receiptPage.samples[name];
  assert(sample, name);
  return sample;
}

test('a printed receipt names the invoice, the parties, full price, discount, refunds and credit notes', () => {
  const sheet = receiptSheet(sampleOf('refunded'), 'en');
  assert.equal(sheet.title, 'Invoice 2026-000042');
  assert.deepEqual(
    sheet.parties.map(({ heading, lines }) => [heading, lines[0]]),
    [
      ['From', 'Coworking Space Inc.'],
      ['To', 'Ada Lovelace'],
    ],
  );
  const [lines, refunds, notes] = sheet.tables;
  assert.deepEqual(lines?.rows, [['Basic, 1 month until Apr 5, 2026', '$58.00', '−$29.00', '$29.00']]);
  assert.deepEqual(
    lines?.totals.map(({ label, amount }) => `${label} ${amount}`),
    [
      'Total $29.00',
      'Paid by card −$29.00',
      'Still due $0.00',
      'Refunded since then −$29.00',
      'Paid after refunds $0.00',
    ],
  );
  assert.deepEqual(refunds?.rows, [['Refund of Basic, 1 month until Apr 5, 2026, Mar 5, 2026', '−$29.00']]);
  assert.deepEqual(notes?.rows, [['Credit note CN-2026-000007 for invoice 2026-000042, Mar 5, 2026', '−$29.00']]);
});

test('a payment that failed is still due', () => {
  const { title, tables } = receiptSheet({ ...sampleOf('failed'), invoices: [] }, 'en');
  assert.equal(title, 'Payment');
  assert.deepEqual(
    tables[0]?.totals.map(({ label, amount }) => `${label} ${amount}`),
    ['Total $29.00', 'Still due $29.00'],
  );
});

test('invoices of several sellers are named with their sellers', () => {
  const invoices = [
    { number: '2026-000042', seller: 'Gym', href: '/' },
    { number: '2026-000007', seller: 'Pool', href: '/' },
  ];
  const { title, facts } = receiptSheet({ ...printableReceiptPage.samples.typical, invoices }, 'en');
  assert.equal(title, 'Receipt');
  assert.deepEqual(facts.slice(1, 3), [
    ['Invoice of Gym', '2026-000042'],
    ['Invoice of Pool', '2026-000007'],
  ]);
});
