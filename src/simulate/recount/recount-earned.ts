// Income of sold time, recounted from prices, times and cuts. Uses no function of billing and no time zone.

type PeriodType = 'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly';

/** Time of an order line between two cuts, as it is stored. */
export interface SoldTime {
  amount: number;
  recognised: number;
  /** End of the time that was recognised; null before the first recognition. */
  recognised_until: Date | null;
  quantity: number;
  anchor_at: Date;
  starts_at: Date;
  ends_at: Date;
}

/** A booked order line of time with a price, and what became of it. */
export interface SoldLine {
  id: number;
  /** Subject of the ledger. */
  subject: string;
  unit: string;
  price: number;
  /** Natural periods that were bought; null for the rest of a period. */
  periods_count: number | null;
  period_type: PeriodType;
  covers_to: Date;
  /** True if the subject has no income besides that of time, so that the dates of its income are known. */
  is_dated: boolean;
  /** By rank. */
  times: readonly [SoldTime, ...SoldTime[]];
  /** Time that stands still after the last one. */
  frozen: { amount: number; quantity: number; length_ms: number } | null;
}

/** Recognised income of a subject by instant. */
export interface RecountIncome {
  subject: string;
  unit: string;
  at: Date;
  amount: number;
}

/** A rule that sold time breaks. */
export interface EarningFault {
  rule: string;
  where: string;
  expected: unknown;
  found: unknown;
}

/** Rules of the recount. The numbers are those of the properties of changes. */
export const earning_rules = {
  split: 'a cut divides the price by the time that passed, and what it leaves is credited or still to earn (5)',
  dates: 'income has the dates of its windows, regardless of when the job ran (12)',
  zone: 'bought periods end at whole periods in UTC after the anchor (13)',
  income: 'what is recognised is what a second program computes (16)',
} as const;

const HOUR_MS = 3_600_000;
const HOURS: Readonly<Record<PeriodType, number | null>> = {
  hourly: 1,
  daily: 24,
  weekly: 168,
  monthly: null,
  yearly: null,
};

/** Returns the instant `months` calendar months in UTC after the anchor; its day is clamped to the end of the month. */
function monthAfter(anchor: Date, months: number): number {
  const [year, month] = [anchor.getUTCFullYear(), anchor.getUTCMonth() + months];
  let day = anchor.getUTCDate();
  while (new Date(Date.UTC(year, month, day)).getUTCDate() !== day) day -= 1;
  return Date.UTC(year, month, day) + (anchor.getTime() % 86_400_000);
}

function monthOf(anchor: Date, at: number): number {
  let month = Math.floor((at - anchor.getTime()) / (31 * 86_400_000));
  while (monthAfter(anchor, month + 1) <= at) month += 1;
  while (monthAfter(anchor, month) > at) month -= 1;
  return month;
}

/** Weight of the time between two instants: an hour of a month weighs 1 over the hours of that month. */
function weightOf(type: PeriodType, anchor: Date, from: number, to: number): [numerator: bigint, denominator: bigint] {
  if (HOURS[type] !== null) return [BigInt(to - from), 1n];
  let [numerator, denominator] = [0n, 1n];
  for (let month = monthOf(anchor, from), at = from; at < to; month += 1) {
    const [begin, end] = [monthAfter(anchor, month), monthAfter(anchor, month + 1)];
    const until = Math.min(end, to);
    const length = BigInt(end - begin);
    if (length === BigInt(until - at)) numerator += denominator;
    else [numerator, denominator] = [numerator * length + BigInt(until - at) * denominator, denominator * length];
    at = until;
  }
  return [numerator, denominator];
}

/** An amount that is earned evenly from `from` to `to`, in ms since 1970. */
interface Earning {
  amount: number;
  from: number;
  to: number;
  anchor: Date;
  type: PeriodType;
}

/** Returns the part of the amount that is earned at an instant, rounded down. */
function earnedOf({ amount, from, to, anchor, type }: Earning, at: number): number {
  if (at >= to) return amount;
  if (at <= from) return 0;
  const [passed, passed_of] = weightOf(type, anchor, from, at);
  const [whole, whole_of] = weightOf(type, anchor, from, to);
  return Number((BigInt(amount) * passed * whole_of) / (passed_of * whole));
}

const SECOND_MS = 1000;

type Report = (rule: keyof typeof earning_rules, expected: unknown, found: unknown) => void;

/** Follows a line from its price through its cuts. Returns what its times earn, and at which instants. */
function followLine(line: SoldLine, report: Report): { at: number; amount: number }[] {
  const income: { at: number; amount: number }[] = [];
  let [amount, end] = [line.price, line.covers_to.getTime()];
  for (const [rank, time] of line.times.entries()) {
    const span = { amount, from: time.starts_at.getTime(), to: end, anchor: time.anchor_at, type: line.period_type };
    const earned = earnedOf(span, time.ends_at.getTime());
    if (time.amount !== earned) report('split', { rank, amount: earned }, { rank, amount: time.amount });
    const recognised = earnedOf(span, time.recognised_until?.getTime() ?? span.from);
    if (time.recognised !== recognised) report('income', { rank, recognised }, { rank, recognised: time.recognised });
    income.push(...incomeOf(time, span));
    const next = line.times[rank + 1] ?? line.frozen;
    if (!next) break;
    // Seats that leave take their part of what is not earned. Time that stands still keeps its length.
    amount = Number((BigInt(amount - earned) * BigInt(next.quantity)) / BigInt(time.quantity));
    const length_ms = end - time.ends_at.getTime();
    if ('starts_at' in next) end = next.starts_at.getTime() + length_ms;
    else if (next.amount !== amount || next.length_ms !== length_ms) report('split', { amount, length_ms }, next);
  }
  return income;
}

/** Income of the windows of a time up to where it is recognised: one for each month that is counted from the anchor. */
function incomeOf({ recognised_until, ends_at }: SoldTime, span: Earning): { at: number; amount: number }[] {
  const income: { at: number; amount: number }[] = [];
  const until = recognised_until?.getTime() ?? span.from;
  let before = 0;
  for (let month = monthOf(span.anchor, span.from), at = span.from; at < until; month += 1) {
    const boundary = Math.min(monthAfter(span.anchor, month + 1), span.to);
    // A window that an operation cuts is recognised at the operation, any other in its last second.
    const is_cut = until < boundary && until === ends_at.getTime();
    at = is_cut ? until : boundary;
    const amount = earnedOf(span, at) - before;
    if (amount > 0) income.push({ at: is_cut ? at : at - SECOND_MS, amount });
    before += amount;
  }
  return income;
}

/**
 * Returns the ends that bought periods may have, counted in UTC from the anchor, or from their beginning if that is no
 * boundary: time that is bought in a pause begins where the moved time ends. Null for the rest of a period.
 */
function boughtEnds({ periods_count, period_type, times: [first] }: SoldLine): number[] | null {
  if (periods_count === null) return null;
  const hours = HOURS[period_type];
  if (hours !== null) return [first.starts_at.getTime() + periods_count * hours * HOUR_MS];
  const months = periods_count * (period_type === 'yearly' ? 12 : 1);
  const month = monthOf(first.anchor_at, first.starts_at.getTime());
  const by_anchor = monthAfter(first.anchor_at, month + months);
  const is_boundary = monthAfter(first.anchor_at, month) === first.starts_at.getTime();
  return is_boundary ? [by_anchor] : [by_anchor, monthAfter(first.starts_at, months)];
}

/** Returns the rules that sold time and its income break: properties 5, 12, 13 and 16. Pure. */
export function findEarningFaults(lines: readonly SoldLine[], incomes: readonly RecountIncome[]): EarningFault[] {
  const faults: EarningFault[] = [];
  const expected = new Map<string, number>();
  for (const line of lines) {
    const report: Report = (rule, wanted, found) =>
      void faults.push({ rule: earning_rules[rule], where: `line ${line.id}`, expected: wanted, found });
    const ends = boughtEnds(line);
    if (ends && !ends.includes(line.covers_to.getTime()))
      report(
        'zone',
        ends.map((end) => new Date(end)),
        line.covers_to,
      );
    for (const { at, amount } of followLine(line, report)) {
      const key = keyOf(line, at);
      if (line.is_dated) expected.set(key, (expected.get(key) ?? 0) + amount);
    }
  }
  const dated = new Set(lines.flatMap((line) => (line.is_dated ? [line.subject] : [])));
  const found = new Map(
    incomes.flatMap(({ at, ...income }) =>
      dated.has(income.subject) ? [[keyOf(income, at.getTime()), income.amount] as const] : [],
    ),
  );
  for (const key of new Set([...expected.keys(), ...found.keys()])) {
    const [wanted, posted] = [expected.get(key) ?? 0, found.get(key) ?? 0];
    if (wanted !== posted) faults.push({ rule: earning_rules.dates, where: key, expected: wanted, found: posted });
  }
  return faults;
}

const keyOf = ({ subject, unit }: Pick<RecountIncome, 'subject' | 'unit'>, at: number) =>
  `${subject} ${unit} ${new Date(at).toISOString()}`;
