import { type RawBuilder, sql } from 'kysely';
import type { ProfileId } from '#platform/db/db-schema';
import { sidesOf } from './entry-side.ts';
import {
  agesOf,
  type EntrySeries,
  isOfOrders,
  isPostingSeries,
  posting_series,
  type PostingSeries,
} from './entry-series.ts';

/** Entries behind a point of a report. */
export interface EntryPoint {
  provider_id: ProfileId;
  series: EntrySeries;
  /** Null: of any unit. */
  unit: string | null;
  /** Inclusive; null for all entries before `ends_at`. */
  start_at: Date | null;
  /** Exclusive. */
  ends_at: Date;
  /** Start of the period before, for series that compare two periods. */
  before_at: Date | null;
  /** Zone of the periods. */
  timezone: string;
}

/**
 * Selects the ids of the entries of a point, what each adds to it, and its customer. `cut`, of series that
 * `isCut`, limits the entries of each account.
 */
export function selectPoint(point: EntryPoint, cut: RawBuilder<unknown> | null = null): RawBuilder<unknown> {
  const { series } = point;
  if (isOfOrders(series)) return selectOrders(point, cut);
  const ages = agesOf(series);
  if (ages) return selectDebts(point, ages);
  if (isPostingSeries(series)) return selectPostings(point, series, cut);
  return series === 'scheduled-income' ? selectScheduled(point) : selectUndated(point);
}

/** True if the entries of a series are selected by accounts, in the order of an index. */
export function isCut(series: EntrySeries): boolean {
  return isPostingSeries(series);
}

/** Selects the entries of series of `metric_postings`. Indexes: ledger_entries_orig, ledger_entries_dest. */
function selectPostings(
  { provider_id, unit, start_at, ends_at }: EntryPoint,
  series: PostingSeries,
  cut: RawBuilder<unknown> | null = null,
): RawBuilder<unknown> {
  const parts = sidesOf(posting_series[series]).map(({ own, account, others, sign }) => {
    const column = (of: string) => sql.ref(`${own}_${of}`);
    const other = sql.ref(`${own === 'orig' ? 'dest' : 'orig'}_account`);
    return sql`(select id, ${sql.lit(sign)} * ${column('amount')} as amount from ledger_entries
      where ${column('profile_id')} = ${provider_id} and ${column('account')} = ${account}
        and ${others === null ? sql`true` : sql`${other} = any(${[...others]}::text[])`}
        and ${unit === null ? sql`true` : sql`${column('unit')} = ${unit}`}
        and created_at < ${ends_at} and ${start_at ? sql`created_at >= ${start_at}` : sql`true`} ${cut ?? sql``})`;
  });
  return sql`select id, sum(amount) as amount, null::bigint as customer_id from (${sql.join(parts, sql` union all `)}) as part
    group by id`;
}

/** Selects what is due on orders before `ends_at`. Index: metric_debts_time. */
function selectDebts({ provider_id, unit, ends_at }: EntryPoint, { from, to }: { from: number; to: number | null }) {
  const days = sql`floor(extract(epoch from ${ends_at}::timestamptz - ordered_at) / 86400)`;
  return sql`select entry_id as id, sum(amount) as amount, null::bigint as customer_id from metric_current_debts
    where tstzrange(from_at, until_at, '(]') @> ${ends_at}::timestamptz and provider_id = ${provider_id}
      and unit = coalesce(${unit}::text, unit) and ${days} between ${from}::integer and coalesce(${to}::integer, 2147483647)
    group by entry_id`;
}

/** Selects what is recognised in a time: a row of the ledger is dated a second before the end of its window. */
function selectScheduled({ provider_id, unit, start_at, ends_at }: EntryPoint) {
  return sql`select entry_id as id, sum(amount) as amount, null::bigint as customer_id
    from metric_income_windows(${provider_id}) where unit = coalesce(${unit}::text, unit)
      and window_at - interval '1 second' < ${ends_at}
      and ${start_at ? sql`window_at - interval '1 second' >= ${start_at}` : sql`true`}
    group by entry_id`;
}

/** Selects all entries of the Backlog, and what of it has an instant, which is subtracted from its orders. */
function selectUndated(point: EntryPoint) {
  const { provider_id, unit } = point;
  return sql`select id, sum(amount) as amount, null::bigint as customer_id from (
      select id, amount from (${selectPostings(point, 'deferred')}) as posted
      union all
      select entry_id, -amount from metric_income_windows(${provider_id}) where unit = coalesce(${unit}::text, unit)
    ) as part group by id having sum(amount) <> 0`;
}

/** Selects orders: all of the period, those of new customers, or those of the period before of churned customers. */
function selectOrders(
  { series, start_at, ends_at, before_at, ...of }: EntryPoint,
  cut: RawBuilder<unknown> | null,
): RawBuilder<unknown> {
  const from = start_at ?? new Date(0);
  const before = { from: before_at ?? from, until: from };
  const own = { from, until: ends_at };
  switch (series) {
    case 'new-sales':
      return cut ? firstWithoutOthers(of, own, before, cut) : withoutOthers(ordersIn(of, own), ordersIn(of, before));
    case 'churned-sales':
      return cut ? firstWithoutOthers(of, before, own, cut) : withoutOthers(ordersIn(of, before), ordersIn(of, own));
    default:
      return sql`${ordersIn(of, own)} ${cut ?? sql``}`;
  }
}

/**
 * Selects all orders of customers without other orders, by sorting: the server expects few orders in a time that it
 * does not know yet, and would compare each order with all others.
 */
function withoutOthers(orders: RawBuilder<unknown>, others: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`select id, amount, customer_id from (
      select *, bool_or(is_other) over (partition by customer_id) as has_others
      from (select *, false as is_other from (${orders}) as own union all select *, true from (${others}) as other) as both_periods
    ) as compared where not is_other and not has_others`;
}

/**
 * Selects the first orders of customers without other orders, one after the other: `limit 1` in the subquery keeps the
 * server from reading both periods, and `coalesce` from expecting hardly any such order, in place of which it would
 * compare all of them. Indexes: ledger_entries_orig, ledger_entries_sales.
 */
function firstWithoutOthers(
  of: SellerAndUnit,
  orders: Period,
  others: Period,
  cut: RawBuilder<unknown>,
): RawBuilder<unknown> {
  return sql`select own.id, own.amount, own.customer_id from (${ordersIn(of, orders)}) as own
    left join lateral (
      select true as is_found from (${ordersIn(of, others)}) as other where other.customer_id = own.customer_id limit 1
    ) as other on true
    where not coalesce(other.is_found, false) ${cut}`;
}

type SellerAndUnit = Pick<EntryPoint, 'provider_id' | 'unit'>;
interface Period {
  from: Date;
  until: Date;
}

/** Index: ledger_entries_orig. */
function ordersIn({ provider_id, unit }: SellerAndUnit, { from, until }: Period): RawBuilder<unknown> {
  return sql`select id, dest_amount as amount, dest_profile_id as customer_id, created_at from ledger_entries
    where orig_profile_id = ${provider_id} and orig_account = 'Receivable' and dest_account = 'Payable'
      and ${unit === null ? sql`true` : sql`dest_unit = ${unit}`} and created_at >= ${from} and created_at < ${until}`;
}
