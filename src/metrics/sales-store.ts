import { type RawBuilder, sql } from 'kysely';
import { Temporal } from 'temporal-polyfill';
import { isTimeZone } from '#kernel/instant';
import { mergeReads } from '#platform/db/merge-reads';
import type { Reader } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { periodBounds } from './period-bounds.ts';
import { periodStarts, type ReportPeriods } from './report-periods.ts';

/** Orders of a provider in a period, in 1/100 of the requested unit; counts of distinct customers. */
export interface SalesInPeriod {
  customers_count: number;
  /** Customers with an order in the period before, too. */
  kept_count: number;
  amount: number;
  /** Orders in the period of customers with an order in the period before. */
  kept_amount: number;
  /** Orders in the period before of customers with an order in the period. */
  kept_before_amount: number;
}

/** Sales that are asked for. Without a unit those of all units are counted, and their amounts are meaningless. */
export interface SalesQuery extends ReportPeriods {
  provider_id: ProfileId;
  unit: string | null;
}

const none: SalesInPeriod = { customers_count: 0, kept_count: 0, amount: 0, kept_amount: 0, kept_before_amount: 0 };

/**
 * Returns the sales of the period before the first and of each period of a report.
 *
 * Days, weeks, months and years in the zone of the provider are read from `metric_sales`. Other periods are counted
 * from the orders in them. A last period that is cut before its end is counted from its orders when it has later ones.
 */
export async function findSales(reader: Reader, query: SalesQuery): Promise<SalesInPeriod[]> {
  const starts = periodStarts(query);
  const end = query.bounds.at(-1) ?? query.before;
  if (query.type === 'hourly') return countSales(reader, query, [...starts, end]);
  const [stored, later] = await mergeReads(reader, [
    (together) => findStoredSales(together, query, starts),
    (together) => hasSalesAfter(together, query, end),
  ]);
  if (stored === null) return countSales(reader, query, [...starts, end]);
  if (!later) return stored;
  // The counted first period is the one before the last, which is stored completely.
  const [, last] = await countSales(reader, query, [...starts.slice(-2), end]);
  return [...stored.slice(0, -1), last ?? none];
}

interface StoredRow extends SalesInPeriod {
  period: string | null;
  timezone: string;
  units_count: number;
}

/** Reads stored periods; null when they are cut in another zone, or customers of several units are asked for. */
async function findStoredSales(
  reader: Reader,
  { provider_id, unit, type, timezone }: SalesQuery,
  starts: readonly Date[],
): Promise<SalesInPeriod[] | null> {
  const zone = isTimeZone(timezone) ? timezone : 'UTC';
  const periods = starts.map((start) => localDate(start, zone));
  const { rows } = await sql<StoredRow>`
    with ${storedSales({ provider_id, unit, type }, periods)}
    select zone.timezone, facts.units_count, sums.*
    from (${zoneOf(provider_id)}) as zone cross join (select count(distinct unit) as units_count from sales) as facts
    left join (
      select period::text as period, sum(customers_count)::bigint as customers_count, sum(kept_count)::bigint as kept_count,
        sum(amount)::bigint as amount, sum(kept_amount)::bigint as kept_amount,
        sum(kept_before_amount)::bigint as kept_before_amount
      from sales group by sales.period
    ) as sums on true`.execute(reader);
  const [first] = rows;
  if (!first || first.timezone !== zone || (unit === null && first.units_count > 1)) return null;
  const found = new Map(rows.map((row) => [row.period, row]));
  return periods.map((period) => found.get(period) ?? none);
}

/**
 * The sums of periods, with those of the orders that are not stored yet. Indexes: metric_sales_pkey,
 * ledger_entries_pkey.
 */
function storedSales(
  { provider_id, unit, type }: Pick<SalesQuery, 'provider_id' | 'unit' | 'type'>,
  periods: string[],
) {
  return sql`sales as materialized (
      select * from metric_sales
      where provider_id = ${provider_id} and period_type = ${type} and unit = coalesce(${unit}::text, unit)
        and period = any(${periods}::date[])
      union all
      select * from metric_sale_changes(totalled_until('ledger_entries'), 9223372036854775807, ${provider_id})
      where period_type = ${type} and unit = coalesce(${unit}::text, unit) and period = any(${periods}::date[])
    )`;
}

/** Zone of the stored periods of a provider. */
function zoneOf(provider_id: ProfileId): RawBuilder<{ timezone: string }> {
  return sql`select coalesce((select timezone from metric_zones where provider_id = profiles.id), metric_timezone(default_timezone))
    as timezone from profiles where id = ${provider_id}`;
}

/**
 * Selects the number of the orders in a period of customers without an order in the one before (`new`), or of the
 * orders in the period before of customers without an order in it (`churned`). `counted` counts them where no sums are
 * stored: the server evaluates it in that case only.
 */
export function selectOrdersCount(
  query: SalesQuery,
  of: 'new' | 'churned',
  counted: RawBuilder<unknown>,
): RawBuilder<{ count: number }> {
  const { provider_id, type, timezone } = query;
  const all = sql<{ count: number }>`select count(*) as count from (${counted}) as counted`;
  if (type === 'hourly') return all;
  const zone = isTimeZone(timezone) ? timezone : 'UTC';
  const [before = '', own = ''] = periodStarts(query).map((start) => localDate(start, zone));
  const end = query.bounds.at(-1) ?? query.before;
  const orders =
    of === 'new'
      ? sql`case when period = ${own}::date then orders_count - kept_orders_count else 0 end`
      : sql`case when period = ${before}::date then orders_count else -kept_before_orders_count end`;
  return sql<{ count: number }>`(
    with ${storedSales(query, [before, own])}
    select case when zone.timezone = ${zone} and facts.units_count <= 1 and not (${selectLater(query, end)})
      then facts.orders_count else (${all}) end as count
    from (${zoneOf(provider_id)}) as zone cross join (
      select count(distinct unit) as units_count, coalesce(sum(${orders}), 0)::bigint as orders_count from sales
    ) as facts)`;
}

/** True if the provider has an order between the end of the periods and the end of the calendar period around it. */
async function hasSalesAfter(reader: Reader, query: SalesQuery, end: Date): Promise<boolean> {
  const { rows } = await selectLater(query, end).execute(reader);
  return rows[0]?.found ?? false;
}

/** Index: ledger_entries_orig. */
function selectLater({ provider_id, type, timezone }: SalesQuery, end: Date): RawBuilder<{ found: boolean }> {
  const until = endOfPeriod(end, type, isTimeZone(timezone) ? timezone : 'UTC');
  return sql<{ found: boolean }>`select exists (
    select from ledger_entries where orig_profile_id = ${provider_id} and orig_account = 'Receivable'
      and dest_account = 'Payable' and created_at >= ${end} and created_at < ${until}) as found`;
}

/** End of the calendar period that contains an instant; the instant itself when a period begins there. */
function endOfPeriod(at: Date, type: SalesQuery['type'], zone: string): Date {
  const [start = at] = periodBounds(new Date(at.getTime() + 1), type, 1, zone);
  if (start.getTime() === at.getTime()) return at;
  const zoned = Temporal.Instant.fromEpochMilliseconds(start.getTime()).toZonedDateTimeISO(zone);
  const step = steps[type];
  return new Date(zoned.toPlainDate().add(step).toZonedDateTime({ timeZone: zone }).epochMilliseconds);
}

/** Length of a period in calendar time. */
const steps = {
  hourly: { hours: 1 },
  daily: { days: 1 },
  weekly: { weeks: 1 },
  monthly: { months: 1 },
  yearly: { years: 1 },
} as const;

function localDate(at: Date, zone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(zone).toPlainDate().toString();
}

/** Counts sales from the orders. Bounds ascend; there is one period fewer. Index: ledger_entries_orig. */
export async function countSales(
  reader: Reader,
  { provider_id, unit }: Pick<SalesQuery, 'provider_id' | 'unit'>,
  bounds: readonly Date[],
): Promise<SalesInPeriod[]> {
  const instants = sql`${bounds.map((bound) => bound.toISOString())}::timestamptz[]`;
  const { rows } = await sql<SalesInPeriod & { period: number }>`
    with bought as (
      select width_bucket(created_at, ${instants}) as period, dest_profile_id as customer_id, sum(dest_amount) as amount
      from ledger_entries
      where orig_profile_id = ${provider_id} and orig_account = 'Receivable' and dest_account = 'Payable'
        and created_at >= ${bounds[0]} and created_at < ${bounds.at(-1)} and ${unit === null ? sql`true` : sql`dest_unit = ${unit}`}
      group by 1, 2
    ), own as (
      select period, amount, lag(period) over customer = period - 1 as is_kept, lag(amount) over customer as before_amount
      from bought window customer as (partition by customer_id order by period)
    )
    select own.period::integer as period, count(*) as customers_count, count(*) filter (where is_kept) as kept_count,
      sum(amount)::bigint as amount, coalesce(sum(amount) filter (where is_kept), 0)::bigint as kept_amount,
      coalesce(sum(before_amount) filter (where is_kept), 0)::bigint as kept_before_amount
    from own
    group by own.period`.execute(reader);
  const found = new Map(rows.map((row) => [row.period, row]));
  return bounds.slice(1).map((_, index) => found.get(index + 1) ?? none);
}
