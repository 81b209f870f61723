import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addPeriods, periodContaining, periodTypes } from './period.ts';
import {
  earned,
  elapsedPart,
  type Fraction,
  positionOf,
  recognitionWindows,
  restPrice,
  type Span,
  unearned,
  windowEnd,
} from './position.ts';

const aDate = fc.date({
  min: new Date('2000-01-01T00:00:00Z'),
  max: new Date('2100-01-01T00:00:00Z'),
  noInvalidDate: true,
});
const aType = fc.constantFrom(...periodTypes);
const anAmount = fc.integer({ min: 0, max: 1_000_000_000 });
const aSpan = fc
  .record({
    anchor_at: aDate,
    period_type: aType,
    starts_at: aDate,
    length_ms: fc.integer({ min: 1, max: 3 * 366 * 86_400_000 }),
  })
  .map(({ anchor_at, period_type, starts_at, length_ms }): Span => ({
    anchor_at,
    period_type,
    starts_at,
    ends_at: new Date(starts_at.getTime() + length_ms),
  }));
/** Spans with instants within and around them. */
const aSpanWithInstants = aSpan.chain((span) => {
  const length_ms = span.ends_at.getTime() - span.starts_at.getTime();
  const anInstant = fc
    .integer({ min: -1000, max: length_ms + 1000 })
    .map((ms) => new Date(span.starts_at.getTime() + ms));
  return fc.tuple(fc.constant(span), fc.array(anInstant, { minLength: 2, maxLength: 20 }));
});

const anchor_at = new Date('2026-01-10T10:00:00Z');
const month: Span = {
  anchor_at,
  period_type: 'monthly',
  starts_at: anchor_at,
  ends_at: new Date('2026-02-10T10:00:00Z'),
};
// Part of the month 10 Jan – 10 Feb 2026 that has elapsed, and the price of the rest at 90.00 and 249.00.
// oxfmt-ignore
const restsOfMonth: [at: string, part: [bigint, bigint], of9000: number, of24900: number][] = [
  ['2026-01-10T10:00:00Z', [0n, 1n], 9000, 24900],
  ['2026-01-20T00:00:00Z', [115n, 372n], 6218, 17203],
  ['2026-01-25T22:00:00Z', [1n, 2n], 4500, 12450],
  ['2026-02-09T10:00:00Z', [30n, 31n], 291, 804],
  ['2026-02-10T09:59:59Z', [2678399n, 2678400n], 1, 1],
];

function isEqual(a: Fraction, b: Fraction): boolean {
  return a.numerator * b.denominator === b.numerator * a.denominator;
}

test('the price of the rest of a month is that of the elapsed part, rounded up', () => {
  for (const [at, [numerator, denominator], of9000, of24900] of restsOfMonth) {
    const periods = { anchor_at, period_type: 'monthly', period_length: 1 } as const;
    assert.ok(isEqual(elapsedPart(month, new Date(at)), { numerator, denominator }), at);
    assert.deepEqual(
      [restPrice(9000, periods, new Date(at)), restPrice(24900, periods, new Date(at))],
      [of9000, of24900],
      at,
    );
  }
});

// V1
test('the same function prices the rest of a period and its unearned amount', () => {
  const atAnyTime = fc.integer({ min: 0, max: 31 * 86_400 - 1 }).map((s) => new Date(anchor_at.getTime() + s * 1000));
  const periods = { anchor_at, period_type: 'monthly', period_length: 1 } as const;
  fc.assert(
    fc.property(anAmount, atAnyTime, (amount, at) => {
      assert.equal(restPrice(amount, periods, at), unearned(amount, month, at));
      assert.equal(restPrice(0, periods, at), 0);
      assert.equal(restPrice(1, periods, at), 1);
    }),
  );
  assert.equal(restPrice(9000, periods, anchor_at), 9000);
  assert.equal(unearned(9000, month, month.ends_at), 0);
});

test('three unused months of twelve are worth three twelfths, regardless of their days', () => {
  const prepaid: Span = {
    anchor_at,
    period_type: 'monthly',
    starts_at: anchor_at,
    ends_at: addPeriods(anchor_at, 12, 'monthly'),
  };
  for (const period_type of ['monthly', 'yearly'] as const)
    for (let months = 0; months <= 12; months += 1)
      assert.equal(earned(97200, { ...prepaid, period_type }, addPeriods(anchor_at, months, 'monthly')), months * 8100);
  assert.equal(earned(97200, prepaid, new Date('2026-04-25T10:00:00Z')), 28350);
  assert.deepEqual(
    Array.from({ length: 12 }, (_, index) => earned(10000, prepaid, addPeriods(anchor_at, index + 1, 'monthly'))),
    [833, 1666, 2500, 3333, 4166, 5000, 5833, 6666, 7500, 8333, 9166, 10000],
  );
});

test('positions at ends of months and on leap days are counted from the anchor', () => {
  // oxfmt-ignore
  const cases: [anchor: string, at: string, months: [bigint, bigint]][] = [
    ['2026-01-31T10:00:00Z', '2026-02-28T10:00:00Z', [1n, 1n]],
    ['2026-01-31T10:00:00Z', '2026-03-31T10:00:00Z', [2n, 1n]],
    ['2026-01-31T10:00:00Z', '2026-03-01T10:00:00Z', [1n * 31n + 1n, 31n]],
    ['2024-02-29T00:00:00Z', '2025-02-28T00:00:00Z', [12n, 1n]],
    ['2024-02-29T00:00:00Z', '2028-02-29T00:00:00Z', [48n, 1n]],
    ['2024-01-31T00:00:00Z', '2024-02-15T00:00:00Z', [15n, 29n]],
    ['2023-01-31T00:00:00Z', '2023-02-14T00:00:00Z', [1n, 2n]],
    ['2026-03-31T10:00:00Z', '2026-02-28T10:00:00Z', [-1n, 1n]],
  ];
  for (const [anchor, at, [numerator, denominator]] of cases) {
    const fraction = { numerator, denominator };
    assert.ok(isEqual(positionOf(new Date(anchor), 'monthly', new Date(at)), fraction), `${anchor} to ${at}`);
    const inYears = { numerator, denominator: denominator * 12n };
    assert.ok(isEqual(positionOf(new Date(anchor), 'yearly', new Date(at)), inYears), `${anchor} to ${at} in years`);
  }
  const [hour, twoDays] = [new Date('2026-01-10T11:00:00Z'), new Date('2026-01-12T10:00:00Z')];
  assert.ok(isEqual(positionOf(anchor_at, 'hourly', hour), { numerator: 1n, denominator: 1n }));
  assert.ok(isEqual(positionOf(anchor_at, 'daily', twoDays), { numerator: 2n, denominator: 1n }));
  assert.ok(isEqual(positionOf(anchor_at, 'weekly', twoDays), { numerator: 2n, denominator: 7n }));
});

test('property 10: earned never falls as time passes; earned and unearned add up to the amount', () => {
  fc.assert(
    fc.property(anAmount, aSpanWithInstants, (amount, [span, instants]) => {
      let before = 0;
      for (const at of instants.toSorted((a, b) => a.getTime() - b.getTime())) {
        const now = earned(amount, span, at);
        assert.ok(now >= before && now <= amount, `${now} after ${before} of ${amount}`);
        assert.equal(now + unearned(amount, span, at), amount);
        before = now;
      }
      assert.equal(earned(amount, span, span.starts_at), 0);
      assert.equal(earned(amount, span, span.ends_at), amount);
    }),
  );
});

test('property 10: the price of the rest of two amounts together is at most 1 below the sum of both', () => {
  fc.assert(
    fc.property(
      anAmount,
      anAmount,
      aDate,
      aType,
      fc.integer({ min: 1, max: 24 }),
      aDate,
      (x, y, anchor, type, length, at) => {
        const rest = (amount: number) =>
          restPrice(amount, { anchor_at: anchor, period_type: type, period_length: length }, at);
        assert.ok(rest(x) <= x);
        assert.ok(rest(x + y) <= rest(x) + rest(y) && rest(x) + rest(y) <= rest(x + y) + 1);
      },
    ),
  );
});

test('property 5: a cut leaves no remainder: both parts earn what the whole would have earned, at most 1 less before the end', () => {
  fc.assert(
    fc.property(anAmount, aSpanWithInstants, (amount, [span, [cut, at]]) => {
      assert.ok(cut && at);
      if (cut <= span.starts_at || cut >= span.ends_at || at < cut) return;
      const done = earned(amount, span, cut);
      const parts = done + earned(amount - done, { ...span, starts_at: cut }, at);
      const whole = earned(amount, span, at);
      assert.ok(parts === whole || parts === whole - 1 || parts === whole + 1, `${parts} instead of ${whole}`);
      if (at >= span.ends_at) assert.equal(parts, amount);
    }),
  );
});

test('a span without length is earned whole from its instant on', () => {
  const empty = { ...month, ends_at: month.starts_at };
  assert.equal(earned(500, empty, month.starts_at), 500);
  assert.equal(earned(500, empty, new Date('2026-01-09T10:00:00Z')), 0);
  assert.throws(() => earned(-1, month, month.ends_at), /amount/);
  assert.throws(() => earned(0.5, month, month.ends_at), /amount/);
});

test('recognition windows are calendar months from the anchor, cut to the span, regardless of the period of the plan', () => {
  const until = new Date('2027-01-01T00:00:00Z');
  const days = (span: Span, from = span.starts_at) =>
    recognitionWindows(span, from, until).map(({ ends_at }) => ends_at.toISOString().slice(0, 13));
  const prepaid: Span = { ...month, ends_at: new Date('2026-04-10T10:00:00Z') };
  assert.deepEqual(days(prepaid), ['2026-02-10T10', '2026-03-10T10', '2026-04-10T10']);
  assert.deepEqual(days({ ...prepaid, period_type: 'yearly' }), days(prepaid));
  const ten_days: Span = {
    ...month,
    period_type: 'daily',
    starts_at: new Date('2026-02-05T10:00:00Z'),
    ends_at: new Date('2026-02-15T10:00:00Z'),
  };
  assert.deepEqual(days(ten_days), ['2026-02-10T10', '2026-02-15T10']);
  const hours: Span = { ...month, period_type: 'hourly', ends_at: new Date('2026-01-10T13:00:00Z') };
  assert.deepEqual(days(hours), ['2026-01-10T13']);
  const endOfMonth = new Date('2026-01-31T10:00:00Z');
  const ends: Span = {
    ...month,
    anchor_at: endOfMonth,
    starts_at: endOfMonth,
    ends_at: new Date('2026-05-31T10:00:00Z'),
  };
  assert.deepEqual(days(ends), ['2026-02-28T10', '2026-03-31T10', '2026-04-30T10', '2026-05-31T10']);
  // After a pause the anchor is after the time that is left.
  const resumed: Span = {
    ...month,
    anchor_at: new Date('2026-03-13T10:00:00Z'),
    starts_at: new Date('2026-02-20T10:00:00Z'),
    ends_at: new Date('2026-03-13T10:00:00Z'),
  };
  assert.deepEqual(days(resumed), ['2026-03-13T10']);
  assert.deepEqual(recognitionWindows(prepaid, prepaid.starts_at, new Date('2026-03-10T09:59:59Z')).length, 1);
  assert.equal(windowEnd(prepaid, prepaid.ends_at), null);
});

test('windows divide a span without gap', () => {
  fc.assert(
    fc.property(aSpan, (span) => {
      const windows = recognitionWindows(span, span.starts_at, span.ends_at);
      assert.deepEqual(windows[0]?.start_at, span.starts_at);
      assert.deepEqual(windows.at(-1)?.ends_at, span.ends_at);
      for (const [index, { start_at, ends_at }] of windows.entries()) {
        assert.ok(start_at < ends_at);
        if (index > 0) assert.deepEqual(windows[index - 1]?.ends_at, start_at);
        const running = periodContaining(span.anchor_at, 'monthly', 1, start_at);
        assert.ok(ends_at <= running.ends_at);
      }
    }),
  );
});
