import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chosenInstant, refuseMove } from './clock-move.ts';

const from = new Date('2026-01-31T10:00:00Z');

test('a choice names an instant after the current one', () => {
  const cases: [Partial<Parameters<typeof chosenInstant>[0]>, string | null][] = [
    [{ step: 'day' }, '2026-02-01T10:00:00.000Z'],
    [{ step: 'week' }, '2026-02-07T10:00:00.000Z'],
    [{ step: 'month' }, '2026-02-28T10:00:00.000Z'],
    [{ step: 'days', days: '366' }, '2027-02-01T10:00:00.000Z'],
    [{ step: 'days', days: '-3' }, null],
    [{ step: 'days', days: '' }, null],
    [{ step: 'date', date: '2026-05-01' }, '2026-05-01T00:00:00.000Z'],
    [{ step: 'date', date: 'tomorrow' }, null],
    [{ step: 'year' }, null],
  ];
  for (const [chosen, expected] of cases)
    assert.equal(chosenInstant({ step: '', days: '', date: '', ...chosen }, from)?.toISOString() ?? null, expected);
});

test('the clock moves neither backwards nor more than ten years', () => {
  const after = (ms: number) => refuseMove(from, new Date(from.getTime() + ms));
  assert.equal(after(-1), 'backwards');
  assert.equal(after(0), null);
  assert.equal(after(3660 * 86_400_000), null);
  assert.equal(after(3660 * 86_400_000 + 1), 'too_far');
});
