import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endFrom, stoppedTime } from './pause.ts';

const DAY_MS = 86_400_000;
const day = (text: string) => new Date(`2026-${text}T10:00:00Z`);

// Paused with 21 days left until 02-20, so that lists show the end 03-13.
for (const [title, ends, resumed, expected] of [
  ['runs on for its rest', '03-13', '02-20', '03-13'],
  ['that resumes early runs on for its rest', '03-13', '02-01', '02-22'],
  ['that was extended has the days that were added', '03-15', '02-01', '02-24'],
  ['ends at an earlier end that was set since', '02-25', '02-20', '02-25'],
  ['that resumes before an earlier end was reached ends at it', '02-25', '02-10', '02-25'],
  ['that resumes early runs on for no more than its rest', '02-25', '02-01', '02-22'],
  ['ended before it resumes', '02-15', '02-20', '02-15'],
] as const)
  test(`a subscription that stood still ${title}`, () => {
    const stopped = stoppedTime({ ends_at: day(ends) }, 21 * DAY_MS, day('03-13'));
    assert.deepEqual(endFrom(stopped, day(resumed)), day(expected));
  });
