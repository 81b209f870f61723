import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countReminders, reminderSpan } from './reminder.ts';

const began = new Date('2026-03-01T12:00:00Z');
const day = (date: number, hour = 12) => new Date(Date.UTC(2026, 2, date, hour));

for (const [title, days, at, count] of [
  ['before the first day', [7], day(8, 11), 0],
  ['from the first day on', [7], day(8), 1],
  ['until a week later', [7], day(15, 11), 1],
  ['not when it is a week late', [7], day(15), 0],
  ['between two days', [3, 7], day(5), 1],
  ['for two days that were missed', [3, 7], day(9), 2],
  ['without days', [], day(9), 0],
] as const)
  test(`reminders are counted ${title}`, () => {
    assert.equal(countReminders(began, days, at), count);
  });

test('the span contains exactly the beginnings with a reminder', () => {
  const at = day(20);
  const span = reminderSpan([3, 7], at);
  assert.deepEqual([span?.since, span?.until], [day(6), day(17)]);
  assert.equal(reminderSpan([], at), null);
});
