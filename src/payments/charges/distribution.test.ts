import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { distributeCharge } from './distribution.ts';

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);

test('one line without broker fee: the provider gets the amount less the processor fee', () => {
  const [line] = distributeCharge([{ amount: 2000, broker_fee_percent: 0 }], { net: 1912, fee: 88, unit: 'usd' });
  assert.deepEqual(line, {
    paid: { provider: 1912, processor_fee: 88, broker_fee: 0 },
    received: { provider: 1912, processor_fee: 88, broker_fee: 0 },
  });
});

test('the broker takes its percentage of the line, rounded down', () => {
  const [line] = distributeCharge([{ amount: 17999, broker_fee_percent: 1000 }], { net: 17447, fee: 552, unit: 'usd' });
  assert.deepEqual(line?.received, { provider: 15648, processor_fee: 552, broker_fee: 1799 });
});

test('C4 two lines share the fee to the cent: 117 + 58 of 175, 3216 + 1609 of 4825', () => {
  const lines = distributeCharge(
    [
      { amount: 3333, broker_fee_percent: 0 },
      { amount: 1667, broker_fee_percent: 0 },
    ],
    { net: 4825, fee: 175, unit: 'usd' },
  );
  assert.deepEqual(
    lines.map(({ received }) => [received.processor_fee, received.provider]),
    [
      [117, 3216],
      [58, 1609],
    ],
  );
});

test('two lines with different broker shares: fees 117 + 58, broker 333 + 83, providers 2883 + 1526', () => {
  const lines = distributeCharge(
    [
      { amount: 3333, broker_fee_percent: 1000 },
      { amount: 1667, broker_fee_percent: 500 },
    ],
    { net: 4825, fee: 175, unit: 'usd' },
  );
  assert.deepEqual(
    lines.map(({ received }) => received),
    [
      { provider: 2883, processor_fee: 117, broker_fee: 333 },
      { provider: 1526, processor_fee: 58, broker_fee: 83 },
    ],
  );
});

test('yen are shared in whole yen', () => {
  const lines = distributeCharge(
    [
      { amount: 100_000, broker_fee_percent: 333 },
      { amount: 50_000, broker_fee_percent: 0 },
    ],
    { net: 142_500, fee: 7500, unit: 'jpy' },
  );
  assert.deepEqual(
    lines.map(({ received }) => received),
    [
      { provider: 91_700, processor_fee: 5000, broker_fee: 3300 },
      { provider: 47_500, processor_fee: 2500, broker_fee: 0 },
    ],
  );
});

test('C9 §2.17 funds in another currency: 100.00 cad that brought 70.00 usd and cost 2.50 usd', () => {
  const [line] = distributeCharge([{ amount: 10000, broker_fee_percent: 0 }], { net: 7000, fee: 250, unit: 'usd' });
  assert.deepEqual(line, {
    paid: { provider: 9655, processor_fee: 345, broker_fee: 0 },
    received: { provider: 7000, processor_fee: 250, broker_fee: 0 },
  });
});

test('a broker with 100 % gets the amount less the processor fee', () => {
  const [line] = distributeCharge([{ amount: 1000, broker_fee_percent: 10000 }], { net: 941, fee: 59, unit: 'usd' });
  assert.deepEqual(line?.received, { provider: 0, processor_fee: 59, broker_fee: 941 });
});

test('for any lines and fee the sums are exact and no part is negative', () => {
  const line = fc.record({
    amount: fc.integer({ min: 1, max: 10_000_000 }),
    broker_fee_percent: fc.integer({ min: 0, max: 10_000 }),
  });
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 0, max: 10_000 }),
      fc.option(fc.integer({ min: 1, max: 50_000_000 })),
      (lines, fee_bps, converted) => {
        const whole = converted ?? sum(lines.map(({ amount }) => amount));
        const fee = Math.floor((whole * fee_bps) / 10_000);
        const parts = distributeCharge(lines, { net: whole - fee, fee, unit: 'usd' });
        assert.equal(sum(parts.map(({ received }) => received.processor_fee)), fee);
        assert.equal(sum(parts.map(({ received }) => received.provider + received.broker_fee)), whole - fee);
        for (const [index, { paid, received }] of parts.entries()) {
          assert.equal(paid.provider + paid.processor_fee + paid.broker_fee, lines[index]?.amount);
          for (const part of [...Object.values(paid), ...Object.values(received)]) assert(part >= 0);
        }
      },
    ),
  );
});

test('a share that the processor gave the broker is allocated whole, and every part is at least 0', () => {
  const line = fc.record({ amount: fc.integer({ min: 0, max: 5000 }), broker_fee_percent: fc.nat(10_000) });
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 6 }), fc.nat(), fc.nat(), (lines, broker, processor) => {
      const charged = sum(lines.map(({ amount }) => amount));
      fc.pre(charged > 0);
      const broker_fee = broker % charged;
      const fee = processor % (charged - broker_fee + 1);
      const parts = distributeCharge(lines, { net: charged - fee, fee, broker_fee, unit: 'usd' });
      assert.equal(sum(parts.map(({ received }) => received.broker_fee)), broker_fee);
      assert.equal(sum(parts.map(({ received }) => received.processor_fee)), fee);
      assert.equal(sum(parts.map(({ received }) => received.provider)), charged - fee - broker_fee);
      for (const [index, { received, paid }] of parts.entries()) {
        assert.deepEqual(received, paid);
        assert(Math.min(received.provider, received.processor_fee, received.broker_fee) >= 0);
        const { provider, processor_fee } = received;
        assert.equal(provider + processor_fee + received.broker_fee, lines[index]?.amount);
      }
    }),
  );
});
