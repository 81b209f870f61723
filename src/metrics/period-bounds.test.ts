import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { periodTypes } from '#kernel/period';
import { periodBounds } from './period-bounds.ts';

const losAngeles = 'America/Los_Angeles';
const bounds = (...given: Parameters<typeof periodBounds>) =>
  periodBounds(...given).map((bound) => bound.toISOString());

test('months start at local midnight, before and after the change to summer time', () => {
  assert.deepEqual(bounds(new Date('2026-03-15T19:00:00Z'), 'monthly', 3, losAngeles), [
    '2026-01-01T08:00:00.000Z',
    '2026-02-01T08:00:00.000Z',
    '2026-03-01T08:00:00.000Z',
    '2026-03-15T19:00:00.000Z',
  ]);
  assert.deepEqual(bounds(new Date('2026-04-01T07:00:00Z'), 'monthly', 1, losAngeles), [
    '2026-03-01T08:00:00.000Z',
    '2026-04-01T07:00:00.000Z',
  ]);
});

test('weeks start on Monday, years on January 1', () => {
  assert.deepEqual(bounds(new Date('2026-03-11T12:00:00Z'), 'weekly', 2, 'UTC'), [
    '2026-03-02T00:00:00.000Z',
    '2026-03-09T00:00:00.000Z',
    '2026-03-11T12:00:00.000Z',
  ]);
  assert.deepEqual(bounds(new Date('2026-03-11T12:00:00Z'), 'yearly', 2, 'UTC'), [
    '2025-01-01T00:00:00.000Z',
    '2026-01-01T00:00:00.000Z',
    '2026-03-11T12:00:00.000Z',
  ]);
});

test('the months before the 31st of a month are consecutive', () => {
  assert.deepEqual(bounds(new Date('2026-03-31T10:00:00Z'), 'monthly', 3, 'UTC').slice(0, 3), [
    '2026-01-01T00:00:00.000Z',
    '2026-02-01T00:00:00.000Z',
    '2026-03-01T00:00:00.000Z',
  ]);
});

test('a day of 23 hours is one day', () => {
  assert.deepEqual(bounds(new Date('2026-03-09T07:00:00Z'), 'daily', 2, losAngeles), [
    '2026-03-07T08:00:00.000Z',
    '2026-03-08T08:00:00.000Z',
    '2026-03-09T07:00:00.000Z',
  ]);
});

test('there is one bound more than periods, ascending, and the last is the end', () => {
  const instant = fc.date({ min: new Date('2000-01-01'), max: new Date('2060-01-01'), noInvalidDate: true });
  const zone = fc.constantFrom('UTC', losAngeles, 'Asia/Kathmandu', 'Australia/Lord_Howe', 'nowhere');
  fc.assert(
    fc.property(
      instant,
      fc.constantFrom(...periodTypes),
      fc.integer({ min: 1, max: 40 }),
      zone,
      (at, type, count, name) => {
        const all = periodBounds(at, type, count, name);
        assert.equal(all.length, count + 1);
        assert.equal(all.at(-1)?.getTime(), at.getTime());
        for (const [index, bound] of all.entries()) assert.ok(index === 0 || bound > (all[index - 1] ?? bound));
      },
    ),
  );
});
