/**
 * Slow second implementation of earned income: walks through the time of an order by the hour and adds up the part of
 * each month, or of each period, that has passed. Written from the specification; imports nothing from `src`.
 */

export type EarnedPeriod = 'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly';

const HOUR_MS = 3_600_000;

/** An order of time. Units: ms since 1970, whole hours; amounts in 1/100. */
export interface SoldTime {
  amount: number;
  period_type: EarnedPeriod;
  anchor: number;
  from: number;
  to: number;
}

/** A part of the price of an unpaid order that is written off. Every window that ended by `at` is recognised before. */
export interface WrittenOff {
  at: number;
  amount: number;
}

/** Returns the boundary of the calendar months from the anchor with this number; its day is clamped to the month. */
export function monthAfter(anchor: number, months: number): number {
  const from = new Date(anchor);
  const [year, month] = [from.getUTCFullYear(), from.getUTCMonth() + months];
  let day = from.getUTCDate();
  while (new Date(Date.UTC(year, month, day)).getUTCDate() !== day) day -= 1;
  return Date.UTC(year, month, day) + (anchor % (24 * HOUR_MS));
}

/** Number of the month from the anchor that contains an instant. */
function monthOf(anchor: number, at: number): number {
  let month = 0;
  while (monthAfter(anchor, month + 1) <= at) month += 1;
  while (monthAfter(anchor, month) > at) month -= 1;
  return month;
}

/**
 * Income by the end of each window: `[last second of the window, amount]`, windows of 0 left out. A write-off takes the
 * time that is not earned first: what was recognised before stays income, and what it takes is never earned.
 */
export function incomeByWindow(sold: SoldTime, writtenOff: readonly WrittenOff[] = []): [at: number, amount: number][] {
  // Each hour weighs 1 over the hours of its month; for short periods every hour weighs the same.
  const isByMonth = sold.period_type === 'monthly' || sold.period_type === 'yearly';
  const weights = new Map<number, { passed: bigint; length: bigint }>();
  const ends: { at: number; part: { numerator: bigint; denominator: bigint } }[] = [];
  const first = monthOf(sold.anchor, sold.from);
  for (let at = sold.from, month = first; at < sold.to; at += HOUR_MS) {
    if (at >= monthAfter(sold.anchor, month + 1)) month += 1;
    const length = (monthAfter(sold.anchor, month + 1) - monthAfter(sold.anchor, month)) / HOUR_MS;
    const weight = weights.get(month) ?? { passed: 0n, length: isByMonth ? BigInt(length) : 1n };
    weight.passed += 1n;
    weights.set(month, weight);
    const isLast = at + HOUR_MS >= sold.to || at + HOUR_MS >= monthAfter(sold.anchor, month + 1);
    if (isLast) ends.push({ at: at + HOUR_MS, part: sum(weights) });
  }
  const whole = sum(weights);
  const left = writtenOff.toSorted((a, b) => a.at - b.at);
  let [before, limit] = [0n, BigInt(sold.amount)];
  return ends.flatMap(({ at, part }): [number, number][] => {
    for (let [next] = left; next && next.at < at; [next] = left) {
      const rest = limit - BigInt(next.amount);
      limit = rest > before ? rest : before;
      left.shift();
    }
    const earned = (BigInt(sold.amount) * part.numerator * whole.denominator) / (part.denominator * whole.numerator);
    const kept = earned < limit ? earned : limit;
    const amount = Number(kept - before);
    before = kept;
    return amount === 0 ? [] : [[at - 1000, amount]];
  });
}

function sum(weights: ReadonlyMap<number, { passed: bigint; length: bigint }>) {
  let [numerator, denominator] = [0n, 1n];
  for (const { passed, length } of weights.values()) {
    numerator = numerator * length + passed * denominator;
    denominator *= length;
    const divisor = commonDivisor(numerator, denominator);
    numerator /= divisor;
    denominator /= divisor;
  }
  return { numerator, denominator };
}

function commonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : commonDivisor(b, a % b);
}
