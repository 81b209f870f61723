import type { PeriodType } from '#kernel/period';
import { DEFAULT_UNIT } from '#ledger';
import type { Context } from '#platform/context';
import { findBalanceLines } from './balance-line-store.ts';
import { type BalanceSeries, sumBalanceSheet } from './balance-sheet.ts';
import { readPeriods } from '../report-periods.ts';
import { SITE, sumSeries } from '../sum-store.ts';

export interface BalanceReport {
  title: string;
  definition: string;
  unit: string;
  scale: number;
  results: BalanceSeries[];
}

const balance_definition =
  'Each line is what the accounts of all profiles whose name contains its selector received less what they sent, ' +
  'before each instant. Each link lists the entries that add up to an amount. A positive line has no sign. Amounts of other currencies are not counted.';

/** Periods of a report. `ends_at` is the text of the caller; now when omitted. */
export interface ReportPeriods {
  period_type?: PeriodType | undefined;
  nb_periods?: number | undefined;
  start_at?: string | undefined;
  ends_at?: string | undefined;
  timezone?: string | undefined;
}

/**
 * Reads a balance sheet of the whole site at the ends of past periods, in the broker's time zone and the default unit.
 *
 * @throws invalid_input (400) when `ends_at` is not an instant
 */
export async function reportBalances(ctx: Context, report: string, periods: ReportPeriods): Promise<BalanceReport> {
  const { lines, timezone } = await findBalanceLines(ctx.db, report, ctx.site.broker_id);
  const count = periods.nb_periods === undefined ? undefined : String(periods.nb_periods);
  const { bounds } = readPeriods({ ...periods, nb_periods: count }, timezone, ctx.clock.now());
  const sums =
    lines.length === 0 ? new Map<string, number[]>() : await sumSeries(ctx.db, SITE, null, DEFAULT_UNIT, bounds);
  return {
    title: `Balances: ${report}`,
    definition: balance_definition,
    unit: DEFAULT_UNIT,
    scale: 0.01,
    results: sumBalanceSheet(lines, sums, bounds).map(({ links, ...line }) => ({
      ...line,
      links: links.map((path) => `${ctx.origin}${path}`),
    })),
  };
}
