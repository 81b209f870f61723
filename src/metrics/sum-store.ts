import { type RawBuilder, sql } from 'kysely';
import type { Reader } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';

/** Series of `metric_postings`, each with its amount before each requested instant. */
export type SumsAt = ReadonlyMap<string, readonly number[]>;

/** The whole site in place of a provider. */
export const SITE = 0;

interface SumRow {
  series: string;
  /** Index of the first bound that includes the amount. */
  position: number;
  /** False if the later bounds include it, too. */
  is_only: boolean;
  amount: number;
  entries_count: number;
}

/**
 * Sums series of a provider, or of the whole site, before each bound, in 1/100 of the unit. Bounds ascend.
 *
 * Exact at any instant: whole days, then the hours of the day of the bound, the quarters of its hour, the entries of
 * its quarter, and the entries that the sums do not contain yet. The cost does not depend on the number of entries
 * before.
 */
export async function sumSeries(
  reader: Reader,
  scope_id: ProfileId | typeof SITE,
  series: readonly string[] | null,
  unit: string,
  bounds: readonly Date[],
): Promise<SumsAt> {
  const { rows } = await selectSums(scope_id, series, unit, bounds).execute(reader);
  const sums = new Map<string, number[]>();
  for (const { series: name, position, is_only, amount } of rows) {
    const values = sums.get(name) ?? bounds.map(() => 0);
    sums.set(name, values);
    const end = is_only ? position + 1 : bounds.length;
    for (let index = position; index < end; index += 1) values[index] = (values[index] ?? 0) + amount;
  }
  return sums;
}

/** What the entries of series add in a time, and their number. */
export interface SeriesTotal {
  amount: number;
  entries_count: number;
}

/** Selects the total of series from `start_at` (null: since the beginning) to `ends_at`. Null: of all units. */
export function selectTotal(
  scope_id: ProfileId,
  series: readonly string[],
  unit: string | null,
  start_at: Date | null,
  ends_at: Date,
): RawBuilder<SeriesTotal> {
  const sums = selectSums(scope_id, series, unit, start_at === null ? [ends_at] : [start_at, ends_at]);
  // The total is what is before the last bound less what is before the first.
  const sign = start_at === null ? sql`1` : sql`case when position = 1 then 1 when is_only then -1 else 0 end`;
  return sql<SeriesTotal>`select coalesce(sum(amount * (${sign})), 0)::bigint as amount,
      coalesce(sum(entries_count * (${sign})), 0)::bigint as entries_count
    from (${sums}) as total`;
}

function selectSums(
  scope_id: ProfileId | typeof SITE,
  series: readonly string[] | null,
  unit: string | null,
  bounds: readonly Date[],
): RawBuilder<SumRow> {
  const instants = sql`${bounds.map((bound) => bound.toISOString())}::timestamptz[]`;
  const selected = sql`scope_id = ${scope_id} and ${unit === null ? sql`true` : sql`unit = ${unit}`}
    and ${series === null ? sql`true` : sql`series = any(${[...series]}::text[])`}`;
  const stored = sql`scope_id = ${scope_id} and series = name and ${unit === null ? sql`true` : sql`unit = ${unit}`}`;
  // Indexes: metric_sums_pkey, for each series and bound a range of it; `offset 0` keeps it from reading all hours.
  // ledger_entries_created_at, ledger_entries_pkey: `+ interval '0'` leaves the last one to its part, since nearly all
  // entries are older than the last bound.
  return sql<SumRow>`
    with recursive ${series === null ? namesOf(scope_id) : sql`name_of (name) as (select unnest(${[...series]}::text[]))`},
    bound as materialized (
      select at, position - 1 as position, date_trunc('day', at, 'UTC') as day, date_trunc('hour', at, 'UTC') as hour,
        metric_quarter(at) as quarter
      from unnest(${instants}) with ordinality as given (at, position)
    ), thresholds as materialized (
      select array_agg(day order by position) as days, max(at) as last, totalled_until('ledger_entries') as last_id from bound
    )
    select series, position::integer as position, is_only, sum(amount)::bigint as amount,
      sum(entries_count)::bigint as entries_count
    from (
      select name as series, width_bucket(starts_at, days) as position, false as is_only, amount, entries_count
      from thresholds cross join name_of cross join lateral (
        select starts_at, amount, entries_count from metric_sums
        where ${stored} and grain = 'day' and starts_at < date_trunc('day', last, 'UTC') offset 0) whole
      union all
      select name, position, true, amount, entries_count from bound cross join name_of cross join lateral (
        select amount, entries_count from metric_sums
        where ${stored} and grain = 'hour' and starts_at >= day and starts_at < hour offset 0) part_of_day
      union all
      select name, position, true, amount, entries_count from bound cross join name_of cross join lateral (
        select amount, entries_count from metric_sums
        where ${stored} and grain = 'quarter' and starts_at >= hour and starts_at < quarter offset 0) part_of_hour
      union all
      select series, position, true, amount, entries_count from bound cross join thresholds cross join lateral (
        select series, amount, entries_count from metric_postings
        where ${selected} and created_at >= quarter and created_at < at and id <= last_id offset 0) part_of_quarter
      union all
      select series, width_bucket(created_at, ${instants}), false, amount, entries_count from thresholds cross join lateral (
        select series, created_at, amount, entries_count from metric_postings
        where id > totalled_until('ledger_entries') and created_at + interval '0' < last and ${selected} offset 0) recent
    ) as part group by 1, 2, 3`;
}

/** Names of the series of a scope, one after the other by the index: they are few among many rows. */
function namesOf(scope_id: ProfileId | typeof SITE): RawBuilder<unknown> {
  return sql`name_of (name) as (
      (select series from metric_sums where scope_id = ${scope_id} order by series limit 1)
      union all
      select (select series from metric_sums where scope_id = ${scope_id} and series > name order by series limit 1)
      from name_of where name is not null
    )`;
}

/** Values of one series, 0 where it has none. */
export function valuesOf(sums: SumsAt, series: string, bounds: readonly unknown[]): readonly number[] {
  return sums.get(series) ?? bounds.map(() => 0);
}
