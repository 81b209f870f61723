import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  allocate,
  assertAmount,
  currencyCodes,
  formatDecimal,
  formatMoney,
  formatPercent,
  isCurrency,
  parseDecimal,
  portion,
} from './money.ts';

const anAmount = fc.maxSafeInteger();

test('§3.8 money has its symbol and two decimals', () => {
  const cases: [number, string | null, string][] = [
    [2000, 'usd', '$20.00'],
    [5, 'usd', '$0.05'],
    [0, 'eur', '€0.00'],
    [123_456_789, 'usd', '$1234567.89'],
    [-35_600, 'usd', '($356.00)'],
    [35_600, '-usd', '($356.00)'],
    [1000, 'jpy', '¥10.00'],
    [1200, 'xyz', '12.00 xyz'],
    [-1200, 'xyz', '(12.00 xyz)'],
    [1200, null, '12.00'],
    [100, 'constructor', '1.00 constructor'],
  ];
  for (const [amount, unit, text] of cases) assert.equal(formatMoney({ amount, unit }), text);
});

test('the decimal mark follows the language', () => {
  assert.equal(formatMoney({ amount: 1250, unit: 'eur' }, 'fr'), '€12,50');
  assert.equal(formatMoney({ amount: 1250, unit: 'eur' }, 'not a language'), '€12.50');
});

test('an amount that is not a safe integer throws', () => {
  for (const amount of [0.5, Number.NaN, Infinity, 2 ** 53]) assert.throws(() => assertAmount(amount));
});

test('a decimal is parsed exactly or refused', () => {
  const cases: [string, number | null][] = [
    ['10', 1000],
    ['10.5', 1050],
    ['10.50', 1050],
    ['10.500', 1050],
    ['.5', 50],
    ['10.', 1000],
    [' 7.01 ', 701],
    ['-3.00', -300],
    ['-0', 0],
    ['0.1', 10],
    ['1.005', null],
    ['1,000.00', null],
    ['1e3', null],
    ['', null],
    ['.', null],
    ['-', null],
    ['99999999999999999', null],
  ];
  for (const [text, amount] of cases) assert.equal(parseDecimal(text), amount, text);
});

test('a formatted decimal is parsed back to the same amount', () => {
  fc.assert(
    fc.property(anAmount, (amount) => Object.is(parseDecimal(formatDecimal(amount)), amount === 0 ? 0 : amount)),
  );
});

test('parts of an allocation add up to the whole and stay within 1/100 of their share', () => {
  fc.assert(
    fc.property(anAmount, fc.array(fc.nat({ max: 1_000_000 }), { minLength: 1, maxLength: 8 }), (total, weights) => {
      const parts = allocate(total, weights);
      assert.equal(
        parts.reduce((left, right) => left + BigInt(right), 0n),
        BigInt(total),
      );
      const sum = BigInt(weights.reduce((left, right) => left + right, 0));
      if (sum === 0n) return;
      for (const [index, part] of parts.entries()) {
        const off = BigInt(part) * sum - BigInt(total) * BigInt(weights[index] ?? 0);
        assert.ok(off < sum && off > -sum);
      }
    }),
  );
});

test('an allocation adds the remaining 1/100 to the largest remainder', () => {
  assert.deepEqual(allocate(175, [3333, 1667]), [117, 58]);
  assert.deepEqual(allocate(10, [1, 1, 1]), [4, 3, 3]);
  assert.deepEqual(allocate(-10, [1, 1, 1]), [-4, -3, -3]);
  assert.deepEqual(allocate(3, [0, 0]), [2, 1]);
  assert.deepEqual(allocate(0, []), []);
  assert.throws(() => allocate(1, []));
  assert.throws(() => allocate(1, [-1, 2]));
});

test('a portion is rounded down and exact for the largest amounts', () => {
  assert.equal(portion(27_000, 1234), 3331);
  assert.equal(portion(Number.MAX_SAFE_INTEGER, 10_000), Number.MAX_SAFE_INTEGER);
  assert.equal(portion(-1, 5000), -1);
});

test('percentages have two decimals or none', () => {
  for (const [bps, text] of [
    [1000, '10%'],
    [1234, '12.34%'],
    [50, '0.50%'],
    [10_000, '100%'],
    [0, '0%'],
  ] as const) {
    assert.equal(formatPercent(bps), text);
  }
});

test('prices may be set in the currencies that have a symbol', () => {
  assert.ok(isCurrency('usd') && isCurrency('zmw') && currencyCodes().includes('eur'));
  assert.ok(!isCurrency('xyz') && !isCurrency('toString') && !isCurrency('USD'));
});
