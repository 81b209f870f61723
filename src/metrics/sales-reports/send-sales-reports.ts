import { recordNotice } from '#billing';
import { findUnitOf } from '#catalog';
import { DEFAULT_UNIT } from '#ledger';
import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { emit } from '#platform/jobs/events';
import { walkRows, type WalkPlace } from '#platform/jobs/walk-rows';
import { findProfileById } from '#profiles';
import { reportCustomers } from '../customers/index.ts';
import { periodSalesReportCreated } from '../events.ts';
import { reportFunds } from '../money/index.ts';
import { periodBounds } from '../period-bounds.ts';
import { readPeriods } from '../report-periods.ts';
import type { Report } from '../series.ts';
import { findNewPeople, findReportedProviders, REPORT_NOTICE, type ReportedProvider } from './provider-store.ts';
import { changeOf } from './sales-report.ts';

/**
 * Ends of a week that are at most this far apart are the end of one week, in two zones: a provider that moves to
 * another zone gets no second report of a week.
 */
const SAME_WEEK_MS = 3 * 86_400_000;
const WEEK_MS = 7 * 86_400_000;
/** Weeks to the same week of last year, which begins on a Monday too. */
const YEAR_WEEKS = 52;

/** Emits the report of each provider whose week ended, in its zone, once for each week. */
export async function sendSalesReports(ctx: Context, at: Date, place?: WalkPlace<ProfileId>): Promise<void> {
  await walkRows(
    {
      findBatch: (after: ProfileId | null, limit) => findReportedProviders(ctx.db, { after, limit }),
      work: (provider) => sendReport(ctx, provider, at),
      onError: ({ id }, error) => ctx.log.error({ err: error, provider_id: id }, 'sales report not sent'),
    },
    place,
  );
}

async function sendReport(ctx: Context, provider: ReportedProvider, at: Date): Promise<void> {
  const { id, timezone } = provider;
  const ends_at = lastMonday(at, timezone);
  if (!isReportDue(provider, ends_at)) return;
  const report = await makeReport(ctx, { id, timezone }, ends_at);
  if (!report) return;
  await inTransaction(ctx.db, async (tx) => {
    const notice = { kind: REPORT_NOTICE, subject_id: id, occurrence: ends_at.toISOString() };
    if (await recordNotice(tx, notice, at)) await emit(tx, periodSalesReportCreated(report), at);
  });
}

/**
 * True if the week that ended at an instant is not reported yet, however late: after a time without the program, the
 * latest week is reported once. A provider without a full week yet has nothing to report. Pure.
 */
export function isReportDue(
  { created_at, reported_until }: Pick<ReportedProvider, 'created_at' | 'reported_until'>,
  ends_at: Date,
): boolean {
  if (created_at >= ends_at) return false;
  return reported_until === null || ends_at.getTime() - new Date(reported_until).getTime() > SAME_WEEK_MS;
}

/** Start of the local week that contains an instant. */
function lastMonday(at: Date, timezone: string): Date {
  // One millisecond later, the week is never a whole one: the first bound is its Monday.
  const [monday = at] = periodBounds(new Date(at.getTime() + 1), 'weekly', 1, timezone);
  return monday;
}

async function makeReport(ctx: Context, { id, timezone }: Pick<ReportedProvider, 'id' | 'timezone'>, ends_at: Date) {
  const provider = await findProfileById(ctx.db, id);
  if (!provider) return null;
  const unit = (await findUnitOf(ctx.db, id)) ?? DEFAULT_UNIT;
  const weeks = async (end: Date, count: number) => {
    const query = { period_type: 'weekly', nb_periods: String(count), ends_at: end.toISOString() } as const;
    const periods = readPeriods(query, timezone, end);
    const funds = await reportFunds(ctx.db, { provider, unit }, periods);
    return { periods, funds, customers: await reportCustomers(ctx.db, { provider }, periods) };
  };
  const current = await weeks(ends_at, 2);
  // Noon of the day, so that a change of the clock in between does not end another day; then its Monday.
  const year_before = lastMonday(new Date(ends_at.getTime() - YEAR_WEEKS * WEEK_MS + 12 * 3_600_000), timezone);
  const last_year = await weeks(year_before, 1);
  const starts_at = current.periods.bounds[1] ?? ends_at;
  const row = (title: string, slug: string, of: 'funds' | 'customers') => {
    const [previous = 0, value = 0] = valuesOf(current[of], slug);
    const [before = 0] = valuesOf(last_year[of], slug);
    const is_money = of === 'funds';
    return { title, value, is_money, previous: changeOf(value, previous), last_year: changeOf(value, before) };
  };
  return {
    provider_id: id,
    starts_at: starts_at.toISOString(),
    ends_at: ends_at.toISOString(),
    timezone,
    unit,
    rows: [
      row('Total revenue', 'total-sales', 'funds'),
      row('New revenue', 'new-sales', 'funds'),
      row('Churned revenue', 'churned-sales', 'funds'),
      row('Payments', 'payments', 'funds'),
      row('Refunds', 'refunds', 'funds'),
      row('Customers', 'total-customers', 'customers'),
    ],
    people: id === ctx.site.broker_id ? await findNewPeople(ctx.db, { starts_at, ends_at }) : null,
  };
}

function valuesOf(report: Report, slug: string): number[] {
  return report.results.find((series) => series.slug === slug)?.values.map(([, value]) => value) ?? [];
}
