import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeOf } from './sales-report.ts';

test('a change is a part of its base, in tenths of a percent', () => {
  const cases: [number, number, number | null][] = [
    [150, 100, 500],
    [100, 100, 0],
    [0, 300, -1000],
    [2, 3, -333],
    [5, 0, null],
    [0, 0, null],
  ];
  for (const [value, base, change] of cases) assert.equal(changeOf(value, base), change);
});
