import { type Span, unearned } from '#kernel/position';
import type { ClosedCoverage, HeldCoverage, HeldLine, PlannedNote } from './change.ts';
import { splitNote } from '../credits/index.ts';
import { untilText } from './describe-change.ts';

/** Closes all coverages that end after an instant: the time is taken back whole. */
export function closeAll(lines: readonly HeldLine[], at: Date): ClosedCoverage[] {
  return runningOf(lines, at).map((coverage) => closing(coverage, coverage.quantity, at));
}

/**
 * Takes seats out of the coverages that end after an instant, newest first. Coverages that follow each other in time
 * each lose the seats; of those that overlap, an older one loses what the newer ones did not have.
 *
 * Why newest first: adding seats and removing them at one instant is zero.
 */
export function removeSeats(lines: readonly HeldLine[], seats: number, at: Date): ClosedCoverage[] {
  const closed: { coverage: HeldCoverage; taken: number }[] = [];
  for (const coverage of runningOf(lines, at).toReversed()) {
    const overlapping = closed.filter(({ coverage: newer }) => overlaps(newer, coverage));
    const taken = Math.min(coverage.quantity, seats - sumAtOnce(overlapping, coverage, at));
    if (taken > 0) closed.push({ coverage, taken });
  }
  return closed.map(({ coverage, taken }) => closing(coverage, taken, at));
}

/** Returns the coverages that end after an instant, oldest order first. */
function runningOf(lines: readonly HeldLine[], at: Date): HeldCoverage[] {
  return lines
    .flatMap(({ coverages }) => coverages)
    .filter(({ ends_at }) => ends_at > at)
    .toSorted((a, b) => a.order_line_id - b.order_line_id || a.rank - b.rank);
}

function overlaps(a: HeldCoverage, b: HeldCoverage): boolean {
  return a.starts_at < b.ends_at && b.starts_at < a.ends_at;
}

/** Returns the largest number of seats that closed coverages take out at one instant of a coverage. */
function sumAtOnce(closed: readonly { coverage: HeldCoverage; taken: number }[], within: HeldCoverage, at: Date) {
  const from = within.starts_at > at ? within.starts_at : at;
  const starts = [from, ...closed.flatMap(({ coverage: { starts_at } }) => (starts_at > from ? [starts_at] : []))];
  const sums = starts.map((instant) =>
    closed.reduce(
      (sum, { coverage, taken }) => (coverage.starts_at <= instant && instant < coverage.ends_at ? sum + taken : sum),
      0,
    ),
  );
  return Math.max(0, ...sums);
}

function closing(coverage: HeldCoverage, taken: number, at: Date): ClosedCoverage {
  const rest = unearned(coverage.amount, spanOf(coverage), at);
  const kept_quantity = coverage.quantity - taken;
  const kept_amount = Number((BigInt(rest) * BigInt(kept_quantity)) / BigInt(coverage.quantity));
  return { coverage, kept_quantity, kept_amount, taken_amount: rest - kept_amount };
}

/** Returns a coverage as its amount is earned. */
export function spanOf({ anchor_at, period_type, starts_at, ends_at }: HeldCoverage): Span {
  return { anchor_at, period_type, starts_at, ends_at };
}

/**
 * Returns one credit note per order line of closed coverages, in their order. The debt shrinks first; of the rest, the
 * share that was refunded or charged back becomes no credit.
 */
export function planNotes(
  lines: readonly HeldLine[],
  closed: readonly ClosedCoverage[],
  { at, seats }: { at: Date; seats: number | null },
): PlannedNote[] {
  const ids = [...new Set(closed.map(({ coverage }) => coverage.order_line_id))];
  return ids.flatMap((id): PlannedNote[] => {
    const line = lines.find((each) => each.id === id);
    const parts = closed.filter(({ coverage }) => coverage.order_line_id === id);
    const taken = parts.reduce((sum, { taken_amount }) => sum + taken_amount, 0);
    if (!line || taken === 0) return [];
    const parts_of_note = splitNote(taken, line.order);
    const covers_to = new Date(Math.max(...parts.map(({ coverage }) => coverage.ends_at.getTime())));
    const subject = seats === null ? line.plan_slug : `${seats} ${seats === 1 ? 'seat' : 'seats'} of ${line.plan_slug}`;
    return [
      {
        kind: 'credit_note',
        line_id: id,
        payer_id: line.payer_id,
        description: `Unused time of ${subject} ${untilText(covers_to)}`,
        amount: -taken,
        unit: line.unit,
        covers_from: at,
        covers_to,
        order_number: line.order_number,
        unearned: taken,
        due: parts_of_note.due,
        credit: parts_of_note.credit,
        is_refundable: line.is_refundable,
      },
    ];
  });
}
