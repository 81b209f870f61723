import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NotedAmount } from '#ledger';
import type { LedgerEntryId } from '#platform/db/db-schema';
import { spreadOverOrders } from './balance-notes.ts';

const id = (value: number) => value as LedgerEntryId;
const given = (amounts: Partial<NotedAmount>): NotedAmount => ({
  invoiced_entry_id: id(1),
  ledger_entry_id: id(2),
  kind: 'refund',
  description: 'Refund',
  ...amounts,
});
const spread = (
  amount: Partial<NotedAmount>,
  orders: readonly [entry: number, amount: number, invoice: number][],
  rests: [number, number][],
) =>
  spreadOverOrders(
    given(amount),
    orders.map(([entry_id, of_order, invoice_id]) => ({ entry_id: id(entry_id), amount: of_order, invoice_id })),
    new Map(rests),
  ).map(({ invoiced_entry_id, credited, refunded }) => [invoiced_entry_id, credited, refunded]);

test('a refund of a balance reduces its newest orders first, each up to its amount', () => {
  assert.deepEqual(
    spread(
      { refunded: 1200 },
      [
        [12, 1000, 2],
        [11, 500, 1],
      ],
      [
        [2, 1000],
        [1, 500],
      ],
    ),
    [
      [12, 0, 1000],
      [11, 0, 200],
    ],
  );
});

test('no invoice is reduced by more than its rest, also by two orders of one invoice', () => {
  assert.deepEqual(
    spread(
      { refunded: 900 },
      [
        [12, 400, 2],
        [11, 600, 2],
        [10, 600, 1],
      ],
      [
        [2, 500],
        [1, 600],
      ],
    ),
    [
      [12, 0, 400],
      [11, 0, 100],
      [10, 0, 400],
    ],
  );
});

test('returned credit is divided before the refund, and what no invoice states is left out', () => {
  assert.deepEqual(spread({ refunded: 700, credited: 300 }, [[12, 800, 2]], [[2, 900]]), [[12, 300, 500]]);
  assert.deepEqual(spread({ refunded: 700 }, [[12, 0, 2]], [[2, 900]]), []);
});
