import type { LedgerSubject } from '#ledger';
import { periodContaining, type PeriodType } from '#kernel/period';
import { earned, recognitionWindows, windowEnd } from '#kernel/position';
import type { LedgerEntryId, OrderId, OrderLineId, PlanId, ProfileId, SubscriptionId } from '#platform/db/db-schema';
import type { OrderLine } from '../records/index.ts';

/**
 * Time that an order line pays for, from `starts_at` (inclusive) to `ends_at` (exclusive), with the facts of its line.
 * That of a setup fee or of uses has no length. Units: amounts in 1/100 of `unit`.
 */
export interface Coverage {
  order_line_id: OrderLineId;
  rank: number;
  order_id: OrderId;
  kind: OrderLine['kind'];
  /** Subscription that uses the time. */
  subscription_id: SubscriptionId;
  payer_id: ProfileId;
  provider_id: ProfileId;
  /** Null for a seat of a person without an account. */
  beneficiary_id: ProfileId | null;
  plan_id: PlanId | null;
  subject: LedgerSubject;
  /** Entry of the order. */
  ledger_entry_id: LedgerEntryId;
  unit: string;
  amount: number;
  quantity: number;
  period_type: PeriodType;
  anchor_at: Date;
  starts_at: Date;
  ends_at: Date;
  recognised: number;
  recognised_until: Date | null;
  next_window_at: Date | null;
}

/** Part of the time of a coverage whose income is recognised by one row of the ledger, dated `at`. */
export interface EarningWindow {
  coverage: Coverage;
  from: Date;
  to: Date;
  at: Date;
}

/** Returns the instant of the row of a window: a second before its end, so that it is in the window's period. */
export function lastSecond(ends_at: Date): Date {
  return new Date(ends_at.getTime() - 1000);
}

/** True for a coverage of time. Fees and uses are earned at one instant, and no operation closes them. */
export function isTime({ kind }: Pick<Coverage, 'kind'>): boolean {
  return kind !== 'setup' && kind !== 'use';
}

/** True if the windows of a coverage are over, and a debt that was written off is due again: its rest is earned. */
export function isRevived({ kind, recognised_until, ends_at, next_window_at }: Coverage): boolean {
  return isTime({ kind }) && next_window_at !== null && recognised_until !== null && recognised_until >= ends_at;
}

/**
 * Returns the windows of a coverage that ended at or before `until` and are not recognised. A setup fee is earned at
 * its order if it is paid then, otherwise with the first calendar month of the subscription. Pure.
 */
export function endedWindows(coverage: Coverage, until: Date, isPaid: boolean): EarningWindow[] {
  const { kind, anchor_at, starts_at, next_window_at, recognised_until } = coverage;
  if (isRevived(coverage)) {
    const { start_at } = periodContaining(anchor_at, 'monthly', 1, lastSecond(coverage.ends_at));
    const from = start_at > starts_at ? start_at : starts_at;
    return [{ coverage, from, to: coverage.ends_at, at: lastSecond(coverage.ends_at) }];
  }
  if (isTime(coverage))
    return recognitionWindows(coverage, recognised_until ?? starts_at, until).map(({ start_at, ends_at }) => ({
      coverage,
      from: start_at,
      to: ends_at,
      at: lastSecond(ends_at),
    }));
  if (next_window_at === null || next_window_at > until) return [];
  const month = periodContaining(anchor_at, 'monthly', 1, starts_at);
  if (kind === 'setup' && isPaid && next_window_at <= starts_at)
    return [{ coverage, from: starts_at, to: starts_at, at: starts_at }];
  if (month.ends_at > until) return [];
  return [{ coverage, from: month.start_at, to: month.ends_at, at: lastSecond(month.ends_at) }];
}

/** Returns the part of the running window of a coverage up to `at`; null if the coverage does not run then. Pure. */
export function runningWindow(coverage: Coverage, at: Date): EarningWindow | null {
  const { starts_at, ends_at, recognised_until } = coverage;
  if (!isTime(coverage) || at <= starts_at || at >= ends_at) return null;
  const from = recognitionWindows(coverage, recognised_until ?? starts_at, at).at(-1)?.ends_at;
  const window = { coverage, from: from ?? recognised_until ?? starts_at, to: at, at };
  return window.from < at ? window : null;
}

/**
 * Returns the end of the window that follows `until`; null if nothing is left to recognise. A fee or uses have one
 * window, which `isRecognised` excludes.
 */
export function nextWindow(coverage: Coverage, until: Date, isRecognised = false): Date | null {
  if (coverage.amount === 0) return null;
  if (isTime(coverage)) return windowEnd(coverage, until);
  return isRecognised ? null : periodContaining(coverage.anchor_at, 'monthly', 1, coverage.starts_at).ends_at;
}

/** Returns what of the amount of a coverage is earned at the end of a window. */
export function earnedBy(coverage: Coverage, { to }: Pick<EarningWindow, 'to'>): number {
  return isTime(coverage) ? earned(coverage.amount, coverage, to) : coverage.amount;
}
