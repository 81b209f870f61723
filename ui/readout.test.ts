import assert from 'node:assert/strict';
import { test } from 'node:test';
import { periodAt, periodOfKey, readPeriod } from './readout.ts';

test('the pointer selects the period below it, also at and beyond the edges', () => {
  assert.deepEqual(
    [-5, 0, 99, 100, 250, 299.9, 300, 900].map((left) => periodAt(left, 300, 3)),
    [0, 0, 0, 1, 2, 2, 2, 2],
  );
  assert.equal(periodAt(10, 0, 3), null);
  assert.equal(periodAt(10, 300, 0), null);
});

test('arrow keys start at the latest period and stop at the ends', () => {
  assert.equal(periodOfKey('ArrowLeft', null, 12), 11);
  assert.equal(periodOfKey('ArrowLeft', 11, 12), 10);
  assert.equal(periodOfKey('ArrowLeft', 0, 12), 0);
  assert.equal(periodOfKey('ArrowRight', 11, 12), 11);
  assert.equal(periodOfKey('Home', 5, 12), 0);
  assert.equal(periodOfKey('End', 5, 12), 11);
  assert.equal(periodOfKey('a', 5, 12), null);
  assert.equal(periodOfKey('End', null, 0), null);
});

test('a period is read with the names of its values', () => {
  const table = { head: ['Month', 'Payments', 'Refunds'], rows: [['Oct 2026', '$7,249.08', '−$20.00']] };
  assert.equal(readPeriod(table, 0), 'Oct 2026: Payments $7,249.08, Refunds −$20.00');
});
