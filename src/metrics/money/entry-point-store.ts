import { type Expression, type RawBuilder, sql } from 'kysely';
import type { ListQuery, Page } from '#kernel/page';
import type { PeriodType } from '#kernel/period';
import { selectEntries, type Transaction } from '#ledger';
import { mergeReads } from '#platform/db/merge-reads';
import type { Reader } from '#platform/db/database';
import { defineList, listPage } from '#platform/db/list';
import { periodBounds } from '../period-bounds.ts';
import { findSales, type SalesQuery, selectOrdersCount } from '../sales-store.ts';
import { selectTotal, type SeriesTotal } from '../sum-store.ts';
import { type EntrySeries, isOfOrders, isPostingSeries, posting_series } from './entry-series.ts';
import { type EntryPoint, isCut, selectPoint } from './entry-rows-store.ts';

export const entryPointList = defineList({
  search: { description: 'entry.description', profile: 'dest.full_name' },
  sort: { created_at: 'entry.created_at', amount: 'point.amount', description: 'entry.description' },
  default_order: [{ column: 'entry.created_at', descending: true }],
  tie_breaker: 'entry.id',
});

/** An entry with what it adds to the point, in 1/100 of the unit. */
export type PointEntry = Transaction & { counted: number };

/** Sums over the entries of all pages. */
export interface PointSums {
  amount: number;
  /** Distinct customers of orders. */
  customers_count: number;
}

/**
 * Lists the entries behind a point, with their sum. Without a search, the sums that follow the ledger have both the
 * number of the entries and their amount; the page is read from the newest entries of each account.
 */
export async function listPointEntries(
  reader: Reader,
  point: EntryPoint,
  list: ListQuery,
  url: URL,
): Promise<{ page: Page<PointEntry>; sums: PointSums }> {
  const total = selectPointTotal(point);
  const [page, sums] = await mergeReads(reader, [
    (together) =>
      listPage(
        together,
        joinEntries(together, selectPoint(point)),
        entryPointList,
        { ...list, start_at: null, ends_at: null },
        url,
        {
          count: total
            ? sql<{ count: number }>`select entries_count as count from (${total}) as counted`
            : countOrders(point),
          ...partsInOrder(together, point, list),
        },
      ),
    (together) => (isOfOrders(point.series) ? sumOrders(together, point) : sumEntries(together, point, total)),
  ]);
  return { page, sums };
}

function joinEntries(reader: Reader, rows: RawBuilder<unknown>) {
  return selectEntries(reader)
    .innerJoin(sql<{ id: number; amount: number }>`(${rows})`.as('point'), (join) =>
      join.on(sql<boolean>`point.id = entry.id`),
    )
    .select(sql<number>`point.amount::bigint`.as('counted'));
}

/** The first and the last entries of a list by instant, from the first or the last entries of each account. */
function partsInOrder(reader: Reader, point: EntryPoint, { order, page, page_size, terms }: ListQuery) {
  const [first = { field: 'created_at', descending: true }, ...others] = order;
  if (!isCut(point.series) || first.field !== 'created_at' || others.length > 0 || terms.length > 0) return {};
  const cut = (descending: boolean, count: Expression<number>) => {
    const direction = sql.raw(descending ? 'desc' : 'asc');
    return joinEntries(
      reader,
      selectPoint(point, sql`order by created_at ${direction}, id ${direction} limit ${count}`),
    );
  };
  return {
    first: cut(first.descending, sql.lit(page * page_size)),
    last: (rows_count: Expression<number>) => cut(!first.descending, rows_count),
  };
}

/** Total of the sums that follow the ledger; null where they do not have the number of entries. */
function selectPointTotal({
  provider_id,
  series,
  unit,
  start_at,
  ends_at,
}: EntryPoint): RawBuilder<SeriesTotal> | null {
  // An entry between two units of one account is counted in both. Orders have one unit.
  if (!isPostingSeries(series) || (series !== 'total-sales' && (isOfOrders(series) || unit === null))) return null;
  return selectTotal(provider_id, posting_series[series], unit, start_at, ends_at);
}

/** Number of the orders of new or of churned customers, null for other series. */
function countOrders(point: EntryPoint): RawBuilder<{ count: number }> | null {
  const of = compared_series[point.series];
  return of === undefined ? null : selectOrdersCount(salesOfPoint(point), of, selectPoint(point));
}

/** Series that compare the orders of two periods. */
const compared_series: Partial<Record<EntrySeries, 'new' | 'churned'>> = {
  'new-sales': 'new',
  'churned-sales': 'churned',
};

async function sumEntries(
  reader: Reader,
  point: EntryPoint,
  total: RawBuilder<SeriesTotal> | null,
): Promise<PointSums> {
  const amount =
    total ?? sql<SeriesTotal>`select coalesce(sum(amount), 0)::bigint as amount from (${selectPoint(point)}) as point`;
  const { rows } = await sql<{ amount: number }>`select amount from (${amount}) as summed`.execute(reader);
  return { amount: rows[0]?.amount ?? 0, customers_count: 0 };
}

/** Sums orders and their customers. Calendar periods in the zone of the provider are stored. */
async function sumOrders(reader: Reader, point: EntryPoint): Promise<PointSums> {
  const [before, own] = await findSales(reader, salesOfPoint(point));
  if (!before || !own) throw new Error('a point has a period and the one before');
  switch (point.series) {
    case 'new-sales':
      return { amount: own.amount - own.kept_amount, customers_count: own.customers_count - own.kept_count };
    case 'churned-sales':
      return {
        amount: before.amount - own.kept_before_amount,
        customers_count: before.customers_count - own.kept_count,
      };
    default:
      return { amount: own.amount, customers_count: own.customers_count };
  }
}

/** The period of a point and the one before; of the type of the calendar if they are of one, else hourly: counted. */
function salesOfPoint({ provider_id, unit, start_at, ends_at, before_at, timezone }: EntryPoint): SalesQuery {
  const start = start_at ?? new Date(0);
  const before = before_at ?? start;
  const is_calendar = (type: PeriodType) => {
    const bounds = periodBounds(ends_at, type, 2, timezone);
    return bounds[1]?.getTime() === start.getTime() && (!before_at || bounds[0]?.getTime() === before.getTime());
  };
  const type = (['monthly', 'weekly', 'daily', 'yearly'] as const).find(is_calendar) ?? 'hourly';
  return { provider_id, unit, type, bounds: [start, ends_at], before, timezone };
}
