import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BalanceLineId } from '#platform/db/db-schema';
import type { BalanceLine } from './balance-line.ts';
import { sumBalanceSheet } from './balance-sheet.ts';

const line = (selector: string, is_positive = false): BalanceLine => ({
  id: 1 as BalanceLineId, // only the database makes ids
  report: 'taxes',
  title: 'Net Sales',
  selector,
  is_positive,
  rank: 1,
});
const bounds = [new Date('2026-01-01T00:00:00Z'), new Date('2026-02-01T00:00:00Z'), new Date('2026-03-01T00:00:00Z')];
const movements = [
  { account: 'Refund', bounds_passed: 0, amount: 100 },
  { account: 'Refunded', bounds_passed: 1, amount: -300 },
  { account: 'Income', bounds_passed: 1, amount: -5000 },
  { account: 'Refund', bounds_passed: 2, amount: 50 },
];
const amounts = (given: BalanceLine) =>
  sumBalanceSheet([given], movements, bounds)[0]?.values.map(([, amount]) => amount);

test('a line holds what came in less what went out before each bound', () => {
  assert.deepEqual(amounts(line('Income')), [0, -5000, -5000]);
});

test('a selector finds every account whose name contains it, whatever the case', () => {
  assert.deepEqual(amounts(line('refund')), [100, -200, -150]);
});

test('a positive line shows amounts without their sign', () => {
  assert.deepEqual(amounts(line('Income', true)), [0, 5000, 5000]);
});

test('a line without movements shows nought for every bound, under a slug of its title', () => {
  const [series] = sumBalanceSheet([line('Chargeback')], movements, bounds);
  assert.equal(series?.slug, 'net-sales');
  assert.deepEqual(series?.values, [
    ['2026-01-01T00:00:00.000Z', 0],
    ['2026-02-01T00:00:00.000Z', 0],
    ['2026-03-01T00:00:00.000Z', 0],
  ]);
});
