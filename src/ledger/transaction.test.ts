import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LedgerEntryId, LedgerEventId, ProfileId } from '#platform/db/db-schema';
import { makeSubject } from '../../test/support/factories/ledger.ts';
import { accounts, moveAmount } from './entry.ts';
import { formatAmount, renderDescription, isDebit, type Transaction } from './transaction.ts';

const xia = 1 as ProfileId;
const cowork = 2 as ProfileId;
const processor = 3 as ProfileId;
const created_at = new Date('2026-03-10T15:00:00Z');

function transaction(
  from: [ProfileId, keyof typeof accounts],
  to: [ProfileId, keyof typeof accounts],
  amount = 2000,
): Transaction {
  return {
    id: 1 as LedgerEntryId,
    ledger_event_id: 1 as LedgerEventId,
    ...moveAmount({
      from: { profile_id: from[0], account: accounts[from[1]] },
      to: { profile_id: to[0], account: accounts[to[1]] },
      amount,
      unit: 'usd',
      subject: makeSubject({ id: '1' }),
      description: 'Anything',
    }),
    created_at,
  };
}

test('for a subscriber a charge is a debit; an order and a refund are not', () => {
  assert.equal(isDebit(transaction([xia, 'liability'], [processor, 'funds']), xia), true);
  assert.equal(isDebit(transaction([cowork, 'receivable'], [xia, 'payable']), xia), false);
  assert.equal(isDebit(transaction([xia, 'refunded'], [cowork, 'refund']), xia), false);
});

test('for a provider a payout is a debit and a distribution is not', () => {
  assert.equal(isDebit(transaction([cowork, 'funds'], [processor, 'withdraw']), cowork), true);
  assert.equal(isDebit(transaction([processor, 'funds'], [cowork, 'funds']), cowork), false);
});

test('without a viewer no transaction is a debit', () => {
  assert.equal(isDebit(transaction([xia, 'liability'], [processor, 'funds']), null), false);
});

test('the amount of a debit is in parentheses', () => {
  const charge = transaction([xia, 'liability'], [processor, 'funds'], 35600);
  assert.equal(formatAmount(charge, true), '($356.00)');
  assert.equal(formatAmount(charge, false), '$356.00');
});

test('a description is escaped', () => {
  assert.equal(
    renderDescription('Charge ch_1 on credit card of <script>alert(1)</script>', undefined),
    'Charge ch_1 on credit card of &lt;script&gt;alert(1)&lt;/script&gt;',
  );
});

test('the key of the charge becomes a link, and the rest of the text is unchanged', () => {
  const receipt = { key: 'ch_1', path: '/billing/xia/receipt/ch_1/' };
  assert.equal(
    renderDescription('Charge ch_1 on credit card of Joe <Test> (xia)', receipt),
    'Charge <a href="/billing/xia/receipt/ch_1/">ch_1</a> on credit card of Joe &lt;Test&gt; (xia)',
  );
  assert.equal(renderDescription('Keep a balanced ledger', receipt), 'Keep a balanced ledger');
});

test('a key with HTML characters is escaped in the link', () => {
  const key = '"><img src=x>';
  const html = renderDescription(`Charge ${key} refund`, { key, path: `/billing/xia/receipt/${key}/` });
  assert(!html.includes('<img'));
});
