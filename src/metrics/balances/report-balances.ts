import { readInstant } from '#kernel/instant';
import type { PeriodType } from '#kernel/period';
import { DEFAULT_UNIT } from '#ledger';
import type { Context } from '#platform/context';
import { findBalanceLines } from './balance-line-store.ts';
import { type BalanceSeries, sumBalanceSheet } from './balance-sheet.ts';
import { findAccountMovements } from './balance-sheet-store.ts';
import { periodBounds, periodsShown } from '../period-bounds.ts';

export interface BalanceReport {
  title: string;
  unit: string;
  scale: number;
  results: BalanceSeries[];
}

/** Periods of a report. `ends_at` is the text of the caller; now when omitted. */
export interface ReportPeriods {
  period_type?: PeriodType | undefined;
  nb_periods?: number | undefined;
  ends_at?: string | undefined;
}

/**
 * Reads a balance sheet of the whole site at the ends of past periods, in the broker's time zone and the default unit.
 *
 * @throws invalid_input (400) when `ends_at` is not an instant
 */
export async function reportBalances(ctx: Context, report: string, periods: ReportPeriods): Promise<BalanceReport> {
  const { lines, timezone } = await findBalanceLines(ctx.db, report, ctx.site.broker_id);
  const ends_at = periods.ends_at ? readInstant('ends_at', periods.ends_at, timezone) : ctx.clock.now();

  const type = periods.period_type ?? 'monthly';
  const bounds = periodBounds(ends_at, type, periods.nb_periods ?? periodsShown[type], timezone);
  const movements = lines.length === 0 ? [] : await findAccountMovements(ctx.db, DEFAULT_UNIT, bounds);
  return {
    title: `Balances: ${report}`,
    unit: DEFAULT_UNIT,
    scale: 0.01,
    results: sumBalanceSheet(lines, movements, bounds),
  };
}
