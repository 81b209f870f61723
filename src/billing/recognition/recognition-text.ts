import { addPeriods, type PeriodType } from '#kernel/period';
import { positionOf } from '#kernel/position';
import type { Coverage, EarningWindow } from './coverage.ts';

/**
 * Returns the ledger description of recognised income. `label` is the subscription (`xia:basic`) or the slug of a use.
 *
 * A window of one natural period has its dates, of which the last is included; an hour or a day has its instants. Any
 * other window has its instants and the number of natural periods.
 * @see docs/spec/billing.md 2.13
 */
export function describeRecognition(label: string, { coverage, from, to }: Omit<EarningWindow, 'at'>): string {
  if (coverage.kind === 'setup') return `Recognize setup fee for ${label}`;
  const { anchor_at, period_type } = coverage;
  return describeWindow(label, { anchor_at, period_type, from, to });
}

function describeWindow(
  label: string,
  { anchor_at, period_type, from, to }: { anchor_at: Date; period_type: PeriodType; from: Date; to: Date },
): string {
  const periods = distance(anchor_at, period_type, from, to);
  if (periods !== 1) return `Recognize ${label} from ${instantText(from)} to ${instantText(to)} (${periods} period)`;
  if (period_type === 'hourly' || period_type === 'daily')
    return `Recognize ${label} from ${instantText(from)} to ${instantText(to)}`;
  return describeDates(label, from, to);
}

/** Returns the description of a window by its first and last day. */
export function describeDates(label: string, from: Date, to: Date): string {
  return `Recognize ${label} from ${dateText(from)} to ${dateText(addPeriods(to, -1, 'daily'))}`;
}

/** Returns the label of a coverage in the ledger. */
export function labelOf({ subject }: Pick<Coverage, 'subject'>, names: { subscriber: string; plan: string }): string {
  return subject.part === null || subject.part === '' ? `${names.subscriber}:${names.plan}` : subject.part;
}

function distance(anchor_at: Date, period_type: PeriodType, from: Date, to: Date): number {
  const [start, end] = [positionOf(anchor_at, period_type, from), positionOf(anchor_at, period_type, to)];
  const numerator = end.numerator * start.denominator - start.numerator * end.denominator;
  return Number(numerator) / Number(end.denominator * start.denominator);
}

function dateText(instant: Date): string {
  return instant.toISOString().slice(0, 10);
}

function instantText(instant: Date): string {
  return instant.toISOString().replace(/\.\d{3}Z$/, 'Z');
}
