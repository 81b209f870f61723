import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastOccurrence, nextOccurrence } from './schedule.ts';

const next = (schedule: string, after: string) => nextOccurrence(schedule, new Date(after)).toISOString();
const last = (schedule: string, until: string) => lastOccurrence(schedule, new Date(until)).toISOString();

test('the next occurrence lies after an instant and the last one may be the instant itself', () => {
  assert.equal(next('0 2 * * *', '2026-03-10T01:59:59.999Z'), '2026-03-10T02:00:00.000Z');
  assert.equal(next('0 2 * * *', '2026-03-10T02:00:00.000Z'), '2026-03-11T02:00:00.000Z');
  assert.equal(last('0 2 * * *', '2026-03-10T02:00:00.000Z'), '2026-03-10T02:00:00.000Z');
  assert.equal(last('0 2 * * *', '2026-03-10T01:59:59.999Z'), '2026-03-09T02:00:00.000Z');
});

test('schedules are read in UTC, regardless of daylight saving time', () => {
  assert.equal(next('30 2 * * *', '2026-03-07T12:00:00Z'), '2026-03-08T02:30:00.000Z');
  assert.equal(next('30 2 * * *', '2026-03-08T12:00:00Z'), '2026-03-09T02:30:00.000Z');
  assert.equal(last('30 2 * * *', '2026-03-29T12:00:00Z'), '2026-03-29T02:30:00.000Z');
});
