import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  addPeriods,
  endOfPeriods,
  isPeriodType,
  periodContaining,
  periodNoun,
  periodTypes,
  type PeriodType,
} from './period.ts';

const aDate = fc.date({
  min: new Date('2000-01-01T00:00:00Z'),
  max: new Date('2100-01-01T00:00:00Z'),
  noInvalidDate: true,
});
const aType = fc.constantFrom(...periodTypes);

test('C7 §3.1 periods end on the last day of a shorter month, at the same time of day', () => {
  const cases: [string, number, PeriodType, string][] = [
    ['2024-02-29T10:00:00Z', 1, 'monthly', '2024-03-29T10:00:00Z'],
    ['2024-02-29T10:00:00Z', 13, 'monthly', '2025-03-29T10:00:00Z'],
    ['2024-02-29T10:00:00Z', 1, 'yearly', '2025-02-28T10:00:00Z'],
    ['2024-02-29T10:00:00Z', 4, 'yearly', '2028-02-29T10:00:00Z'],
    ['2024-02-29T10:00:00Z', 2, 'weekly', '2024-03-14T10:00:00Z'],
    ['2026-01-31T10:00:00Z', 1, 'monthly', '2026-02-28T10:00:00Z'],
    ['2026-01-31T10:00:00Z', 13, 'monthly', '2027-02-28T10:00:00Z'],
    ['2026-01-31T10:00:00Z', 1, 'yearly', '2027-01-31T10:00:00Z'],
    ['2026-01-31T10:00:00Z', 2, 'weekly', '2026-02-14T10:00:00Z'],
    ['2023-12-31T23:59:59.999Z', 2, 'monthly', '2024-02-29T23:59:59.999Z'],
    ['2026-01-31T10:00:00Z', 0, 'monthly', '2026-01-31T10:00:00Z'],
    ['2026-03-31T10:00:00Z', -1, 'monthly', '2026-02-28T10:00:00Z'],
    ['2026-01-31T23:30:00Z', 5, 'hourly', '2026-02-01T04:30:00Z'],
  ];
  for (const [start, count, type, end] of cases) {
    assert.equal(
      addPeriods(new Date(start), count, type).toISOString(),
      new Date(end).toISOString(),
      `${start} + ${count} ${type}`,
    );
  }
});

test('§3.1 a day is 24 hours, even where clocks change', () => {
  assert.equal(addPeriods(new Date('2026-03-29T00:30:00Z'), 1, 'daily').toISOString(), '2026-03-30T00:30:00.000Z');
});

test('§3.1 buying month by month keeps the day of the first purchase', () => {
  const anchor = new Date('2026-01-31T10:00:00Z');
  const ends: string[] = [];
  for (let end = anchor, n = 0; n < 4; n += 1) {
    end = endOfPeriods(anchor, 1, 'monthly', end);
    ends.push(end.toISOString().slice(0, 10));
  }
  assert.deepEqual(ends, ['2026-02-28', '2026-03-31', '2026-04-30', '2026-05-31']);
});

test('periods after an end that a provider changed are counted from that end', () => {
  const anchor = new Date('2026-01-31T10:00:00Z');
  assert.equal(
    endOfPeriods(anchor, 1, 'monthly', new Date('2026-02-15T00:00:00Z')).toISOString(),
    '2026-03-15T00:00:00.000Z',
  );
});

test('buying n periods in one order or in n orders ends at the same instant', () => {
  fc.assert(
    fc.property(aDate, aType, fc.integer({ min: 1, max: 40 }), (anchor, type, count) => {
      let end = anchor;
      for (let n = 0; n < count; n += 1) end = endOfPeriods(anchor, 1, type, end);
      assert.deepEqual(end, endOfPeriods(anchor, count, type));
      assert.deepEqual(end, addPeriods(anchor, count, type));
    }),
  );
});

test('a later start or a longer term never ends earlier', () => {
  fc.assert(
    fc.property(aDate, fc.nat({ max: 1e11 }), aType, fc.nat({ max: 100 }), (start, later_ms, type, count) => {
      const end = addPeriods(start, count, type);
      assert.ok(addPeriods(new Date(start.getTime() + later_ms), count, type) >= end);
      assert.ok(addPeriods(start, count + 1, type) > end);
    }),
  );
});

test('periods keep the day of the anchor at month ends', () => {
  const anchor = new Date('2026-01-31T10:00:00Z');
  const days = ['2026-01-31T10:00:00Z', '2026-02-28T10:00:00Z', '2026-03-31T10:00:00Z', '2026-04-30T10:00:00Z'].map(
    (at) => {
      const period = periodContaining(anchor, 'monthly', 1, new Date(at));
      return [period.start_at.toISOString().slice(0, 10), period.ends_at.toISOString().slice(0, 10)];
    },
  );
  assert.deepEqual(days, [
    ['2026-01-31', '2026-02-28'],
    ['2026-02-28', '2026-03-31'],
    ['2026-03-31', '2026-04-30'],
    ['2026-04-30', '2026-05-31'],
  ]);
});

test('every instant is in exactly one period', () => {
  fc.assert(
    fc.property(aDate, aDate, aType, fc.integer({ min: 1, max: 24 }), (anchor, at, type, length) => {
      const { start_at, ends_at } = periodContaining(anchor, type, length, at);
      assert.ok(start_at <= at && at < ends_at);
      assert.deepEqual(periodContaining(anchor, type, length, ends_at).start_at, ends_at);
    }),
  );
});

test('a natural period has a noun; other words are not natural periods', () => {
  assert.equal(periodNoun('monthly', 1), 'month');
  assert.equal(periodNoun('yearly', 2), 'years');
  assert.ok(isPeriodType('weekly') && !isPeriodType('fortnightly'));
  assert.throws(() => addPeriods(new Date(), 0.5, 'daily'));
});
