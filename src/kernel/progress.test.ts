import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationText, measureProgress } from './progress.ts';

test('progress has the part, the rate and the time that is left', () => {
  const cases: [number, number, number, ReturnType<typeof measureProgress>][] = [
    [0, 100, 0, { part: 0, per_second: null, left_ms: null }],
    [0, 100, 5000, { part: 0, per_second: null, left_ms: null }],
    [25, 100, 5000, { part: 0.25, per_second: 5, left_ms: 15_000 }],
    [100, 100, 10_000, { part: 1, per_second: 10, left_ms: 0 }],
    [120, 100, 10_000, { part: 1, per_second: 12, left_ms: 0 }],
    [0, 0, 10, { part: 1, per_second: null, left_ms: null }],
  ];
  for (const [done, total, elapsed_ms, expected] of cases)
    assert.deepEqual(measureProgress(done, total, elapsed_ms), expected, `${done} of ${total}`);
});

test('a duration is written with its two largest units', () => {
  const cases = [
    [499, '0 s'],
    [59_400, '59 s'],
    [125_000, '2 min 5 s'],
    [10_800_000, '3 h 0 min'],
  ] as const;
  for (const [ms, text] of cases) assert.equal(durationText(ms), text);
});
