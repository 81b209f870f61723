import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type NotableOrder, splitNote, unpaidParts } from './credit-note.ts';

const paid: NotableOrder = { price: 9000, noted_due: 0, unpaid: 0, refunded: 0, charged_back: 0 };

for (const [title, amount, order, parts] of [
  ['V2 of a paid order all of it becomes credit', 4500, {}, { credit: 4500 }],
  ['V19 of an unpaid order the debt shrinks and no credit arises', 4500, { unpaid: 9000 }, { due: 4500 }],
  ['V20 of a partly paid order the open part shrinks first', 4500, { unpaid: 3000 }, { due: 3000, credit: 1500 }],
  ['V21 the share of a refund is taken off', 4500, { refunded: 4000 }, { refund_share: 2000, credit: 2500 }],
  ['V42 nothing is left after a lost dispute', 4500, { charged_back: 9000 }, { chargeback_share: 4500 }],
  [
    'a refund and a dispute share what is taken off',
    4500,
    { refunded: 3000, charged_back: 6000 },
    { refund_share: 1500, chargeback_share: 3000 },
  ],
  [
    'debt that an earlier note took counts as never paid',
    4500,
    { noted_due: 3000, refunded: 3000 },
    { refund_share: 2250, credit: 2250 },
  ],
] as const) {
  test(title, () => {
    const none = { due: 0, refund_share: 0, chargeback_share: 0, credit: 0 };
    assert.deepEqual(splitNote(amount, { ...paid, ...order }), { ...none, ...parts });
  });
}

test('the parts of a note are never negative and add up to its amount', () => {
  fc.assert(
    fc.property(fc.nat(100_000), fc.nat(100_000), fc.nat(100_000), fc.nat(100_000), fc.nat(100_000), (...values) => {
      const [price, open, refunded, charged_back, wanted] = values;
      const unpaid = Math.min(open, price);
      const amount = Math.min(wanted, price);
      const parts = Object.values(splitNote(amount, { ...paid, price, unpaid, refunded, charged_back }));
      assert(parts.every((part) => part >= 0));
      assert.equal(
        parts.reduce((sum, part) => sum + part, 0),
        amount,
      );
    }),
  );
});

test('an amount due is made of the newest orders, less what is known to be paid of each', () => {
  const orders = [
    { id: 'new', amount: 9000, settled: 9000 },
    { id: 'middle', amount: 2000, settled: 500 },
    { id: 'old', amount: 9000, settled: 0 },
  ];
  assert.deepEqual(
    [...unpaidParts(4000, orders)],
    [
      ['new', 0],
      ['middle', 1500],
      ['old', 2500],
    ],
  );
  assert.deepEqual(
    [...unpaidParts(-100, orders)].map(([, unpaid]) => unpaid),
    [0, 0, 0],
  );
});
