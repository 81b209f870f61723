import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NO_SHARES, prorateRefund, refuseRefund, shiftShares, subtractShares, type Shares } from './refund.ts';

const examplePaidToAProvider: Shares = {
  amount: 17999,
  distribute_amount: 15648,
  fee_amount: 552,
  broker_fee_amount: 1799,
};

test('a refund takes each share in proportion, and the last refund takes the rest', () => {
  const first = prorateRefund(examplePaidToAProvider, 4000, 'usd');
  assert.deepEqual(first, { amount: 4000, distribute_amount: 3477, fee_amount: 123, broker_fee_amount: 400 });
  const left = subtractShares(examplePaidToAProvider, first);
  assert.deepEqual(prorateRefund(left, 13999, 'usd'), {
    amount: 13999,
    distribute_amount: 12171,
    fee_amount: 429,
    broker_fee_amount: 1399,
  });
});

test('C1 §2.8 81.00 of a year for 972.00 take 2.37 of the fee of 28.49 and 78.63 of the rest', () => {
  const year = { amount: 97_200, distribute_amount: 94_351, fee_amount: 2849, broker_fee_amount: 0 };
  const taken = prorateRefund(year, 8100, 'usd');
  assert.deepEqual(taken, { amount: 8100, distribute_amount: 7863, fee_amount: 237, broker_fee_amount: 0 });
  assert.deepEqual(subtractShares(year, taken), {
    amount: 89_100,
    distribute_amount: 86_488,
    fee_amount: 2612,
    broker_fee_amount: 0,
  });
});

test('a line is refunded from its own shares', () => {
  const line: Shares = { amount: 3333, distribute_amount: 3216, fee_amount: 117, broker_fee_amount: 0 };
  assert.deepEqual(prorateRefund(line, 3333, 'usd'), line);
});

test('C9 §2.17 a charge in cad is refunded from its funds in usd', () => {
  const line: Shares = { amount: 10000, distribute_amount: 7000, fee_amount: 250, broker_fee_amount: 0 };
  assert.deepEqual(prorateRefund(line, 5000, 'usd'), {
    amount: 5000,
    distribute_amount: 3500,
    fee_amount: 125,
    broker_fee_amount: 0,
  });
});

test('only a paid charge can be refunded', () => {
  assert.equal(refuseRefund('done'), null);
  assert.equal(refuseRefund('created'), 'pending');
  assert.equal(refuseRefund('failed'), 'failed');
  assert.equal(refuseRefund('disputed'), 'disputed');
});

test('in any series of partial refunds the shares add up, never go below zero and end at zero', () => {
  const shares = fc.tuple(fc.nat(100_000), fc.nat(10_000), fc.nat(10_000));
  fc.assert(
    fc.property(
      shares,
      fc.option(fc.integer({ min: 1, max: 200_000 })),
      fc.array(fc.nat(5000)),
      ([a, b, c], cad, bits) => {
        const funds = a + b + c;
        if (funds === 0) return;
        const line: Shares = { amount: cad ?? funds, distribute_amount: a, fee_amount: b, broker_fee_amount: c };
        let left = line;
        const isSameUnit = cad === null;
        for (const bit of [...bits, line.amount]) {
          const amount = Math.min(bit, left.amount);
          const taken = prorateRefund(left, amount, 'usd');
          if (isSameUnit) {
            assert.equal(taken.distribute_amount + taken.fee_amount + taken.broker_fee_amount, amount);
          }
          left = subtractShares(left, taken);
          for (const part of [...Object.values(taken), ...Object.values(left)]) assert(part >= 0);
        }
        assert.deepEqual(left, NO_SHARES);
      },
    ),
  );
});

test('without the share of the broker the provider pays all; what other terms took too much of comes from the other', () => {
  const line = { amount: 17_999, distribute_amount: 16_200, fee_amount: 0, broker_fee_amount: 1799 };
  assert.deepEqual(shiftShares(line, true), line);
  assert.deepEqual(shiftShares(line, false), { ...line, distribute_amount: 17_999, broker_fee_amount: 0 });
  const overdrawn = { ...line, amount: 999, distribute_amount: -800 };
  assert.deepEqual(shiftShares(overdrawn, true), { ...overdrawn, distribute_amount: 0, broker_fee_amount: 999 });
  const overpaid = { ...line, amount: 1000, distribute_amount: 1400, broker_fee_amount: -400 };
  assert.deepEqual(shiftShares(overpaid, true), { ...overpaid, distribute_amount: 1000, broker_fee_amount: 0 });
});
