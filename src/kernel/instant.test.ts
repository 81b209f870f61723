import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isInRange, isTimeZone, parseInstant, requireInRange, startOfDay } from './instant.ts';

test('an instant without an offset is read in the given time zone', () => {
  const cases: [string, string, string | null][] = [
    ['2026-07-01T12:00:00Z', 'Europe/Paris', '2026-07-01T12:00:00.000Z'],
    ['2026-07-01T12:00:00+02:00', 'UTC', '2026-07-01T10:00:00.000Z'],
    ['2026-07-01T12:00:00 02:00', 'UTC', '2026-07-01T10:00:00.000Z'],
    ['2026-07-01T12:00:00.123456-0700', 'UTC', '2026-07-01T19:00:00.123Z'],
    ['2026-07-01T12:00', 'Europe/Paris', '2026-07-01T10:00:00.000Z'],
    ['2026-01-01 12:00:00', 'Europe/Paris', '2026-01-01T11:00:00.000Z'],
    ['2026-07-01', 'Europe/Paris', '2026-06-30T22:00:00.000Z'],
    ['2026-07-01', 'Nowhere/Land', '2026-07-01T00:00:00.000Z'],
    ['2024-02-29', 'UTC', '2024-02-29T00:00:00.000Z'],
    ['2026-02-29', 'UTC', null],
    ['2026-13-01', 'UTC', null],
    ['2026-07-01T25:00', 'UTC', null],
    ['yesterday', 'UTC', null],
    ['2026', 'UTC', null],
    ['', 'UTC', null],
    ['1900-01-01', 'UTC', '1900-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', 'UTC', '9999-12-31T23:59:59.999Z'],
    ['1899-12-31T23:59:59.999Z', 'UTC', null],
    ['0001-01-01', 'UTC', null],
    ['0000-01-01', 'UTC', null],
    ['9999-12-31', 'America/New_York', '9999-12-31T05:00:00.000Z'],
    ['9999-12-31T23:59:59-01:00', 'UTC', null],
    ['+010000-01-01T00:00Z', 'UTC', null],
    ['-000001-01-01T00:00Z', 'UTC', null],
  ];
  for (const [text, zone, instant] of cases)
    assert.equal(parseInstant(text, zone)?.toISOString() ?? null, instant, text);
});

test('a computed instant outside of the years 1900 to 9999 is refused as instant_out_of_range', () => {
  const inRange = new Date('2026-01-01T00:00:00Z');
  assert.equal(requireInRange(inRange), inRange);
  for (const instant of [new Date(Number.NaN), new Date(Date.UTC(10_000, 0)), new Date(-62_135_596_800_000)]) {
    assert.equal(isInRange(instant), false);
    assert.throws(() => requireInRange(instant), { code: 'instant_out_of_range', status: 400 });
  }
});

test('a day begins at its first existing hour', () => {
  assert.equal(parseInstant('2026-03-08', 'America/Havana')?.toISOString(), '2026-03-08T05:00:00.000Z');
  assert.equal(
    startOfDay(new Date('2026-07-01T03:00:00Z'), 'America/New_York').toISOString(),
    '2026-06-30T04:00:00.000Z',
  );
});

test('a time zone is a name, not an offset', () => {
  for (const name of ['UTC', 'Europe/Paris', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5'])
    assert.ok(isTimeZone(name), name);
  for (const name of ['', '+02:00', 'Europe', 'Mars/Olympus', "UTC'; drop table users"])
    assert.ok(!isTimeZone(name), name);
});
