import { type RawBuilder, type SelectQueryBuilder, sql, type SqlBool } from 'kysely';
import type { ListQuery, Page } from '#kernel/page';
import type { Reader } from '#platform/db/database';
import type { ChargeId, ProfileId } from '#platform/db/db-schema';
import { defineList, listPage, searchPageAndSums } from '#platform/db/list';
import { mergeReads } from '#platform/db/merge-reads';
import { fewOrAllKeys } from '#platform/lists/few-or-all-keys';
import { readOverRows } from '#platform/lists/list-searched';
import { readBatches } from '#platform/lists/read-batches';
import { profile_keys, selectNamedProfiles, selectProfileNames } from '#profiles';
import type { ChargeState } from '../records/index.ts';
import type { ChargeFilter, ChargesSum } from './charge-list-store.ts';

const sellerChargeList = defineList({
  search: {
    description: 'sold.title',
    processor_key: 'sold.processor_key',
    customer: 'customer.slug',
    customer__full_name: 'customer.full_name',
  },
  // Indexes: seller_charges_amount, seller_charges_title, seller_charges_profile_id, seller_charges_provider_id.
  sort: {
    description: sql`left(sold.title, 200)`,
    amount: 'sold.amount',
    full_name: 'customer.full_name',
    created_at: 'sold.created_at',
  },
  default_order: [{ column: 'sold.created_at', descending: false }],
  tie_breaker: 'sold.charge_id',
  date: 'sold.created_at',
  candidates: (matches) => sql`
    select seller_charges.charge_id from seller_charges
      where ${matches(sql`seller_charges.title || ' ' || seller_charges.processor_key`)}
    union all
    select charges.id from charges where charges.profile_id in (${selectNamedProfiles(matches)})`,
});

/** The list of one provider, which is sorted by customer one customer after the other. */
function listOf(provider_id: ProfileId) {
  const rows = {
    scope: 'sold.profile_id',
    from: sql`seller_charges as sold`,
    where: sql<SqlBool>`sold.provider_id = ${provider_id}`,
  };
  return { ...sellerChargeList, grouped: { full_name: fewOrAllKeys(profile_keys.full_name, rows) } } as const;
}

/** A charge in the list of one of its sellers. Amounts are those of the seller's lines, in 1/100 of the unit. */
export interface SellerCharge {
  charge_id: ChargeId;
  processor_key: string;
  created_at: Date;
  state: ChargeState;
  unit: string;
  amount: number;
  /** Sum of the paid refunds. */
  refunded: number;
  /** True if the money of the charge was distributed to the sellers. */
  was_paid: boolean;
  /** Title of the first line; empty for charges of the first version. */
  title: string;
  lines_count: number;
  customer_slug: string;
  customer_full_name: string;
}

/**
 * Returns a page of the charges that have lines of a seller. With a search or dates, also the number and the sum of
 * those of all pages and all states, by state and unit; otherwise null, because every charge of the seller would be
 * read.
 */
export async function listSellerCharges(
  reader: Reader,
  provider_id: ProfileId,
  list: ListQuery,
  url: URL,
  { filter, is_summed }: { filter: ChargeFilter; is_summed: boolean },
): Promise<{ page: Page<SellerCharge>; sums: SellerChargesSum[] | null }> {
  const rows = selectRows(reader, provider_id, filter);
  const spec = listOf(provider_id);
  if (is_summed && (filter.state ?? null) === null) {
    // The page of a search and its sums read the same rows: once.
    const searched = await searchPageAndSums(reader, rows, spec, list, url, sumByState);
    if (searched) return searched;
  }
  const count = is_summed ? countMatching(provider_id, filter, list) : countOf(provider_id, filter, list);
  const [page, sums] = await mergeReads(reader, [
    (together) => listPage(together, rows, spec, list, url, { count }),
    async (together) => (is_summed ? sumSellerCharges(together, provider_id, list, filter) : null),
  ]);
  return { page, sums };
}

/** Counts rows without their joins: each charge of a seller has one customer. */
function countMatching(provider_id: ProfileId, filter: ChargeFilter, list: ListQuery): RawBuilder<{ count: number }> {
  return sql<{ count: number }>`
    select count(*) as count from seller_charges sold where ${sql.join(conditionsOf(provider_id, filter, list), sql` and `)}`;
}

/**
 * Counts the charges of a list without a search or dates of the reader. If nothing restricts it: those of the totals
 * and those since then, less the ones after the end of the list, which is now.
 */
function countOf(provider_id: ProfileId, filter: ChargeFilter, list: ListQuery): RawBuilder<{ count: number }> {
  const is_whole = (filter.state ?? null) === null && (filter.amount?.min ?? filter.amount?.max ?? null) === null;
  if (!is_whole || list.ends_at === null) return countMatching(provider_id, filter, list);
  // Indexes: seller_charge_totals_pkey, seller_charges_pkey, seller_charges_provider_id. Both ends, as the server
  // expects few rows of a range only.
  return sql<{ count: number }>`
    select coalesce(sum(rows_count), 0)::bigint as count from (
      select rows_count from seller_charge_totals where provider_id = ${provider_id}
      union all
      select count(*) from seller_charges where provider_id = ${provider_id}
        and charge_id between (select totalled_until('charges') + 1) and (select max(id) from charges)
      union all
      select -count(*) from seller_charges where provider_id = ${provider_id} and created_at >= ${list.ends_at}
    ) as total`;
}

/** Yields all rows of the list in batches. */
export function readSellerCharges(
  reader: Reader,
  provider_id: ProfileId,
  list: ListQuery,
  filter: ChargeFilter,
): AsyncGenerator<SellerCharge[]> {
  return readBatches(reader, selectRows(reader, provider_id, filter), listOf(provider_id), list);
}

/** Number and sum of the charges of a list in one state and unit. */
export interface SellerChargesSum extends ChargesSum {
  state: ChargeState;
  rows_count: number;
}

/** Returns the number and the sum of the charges of all states that match a list query, by state and unit. */
async function sumSellerCharges(
  reader: Reader,
  provider_id: ProfileId,
  list: ListQuery,
  { amount = null }: ChargeFilter,
): Promise<SellerChargesSum[]> {
  if (list.terms.length > 0)
    return readOverRows(reader, selectRows(reader, provider_id, { amount }), sellerChargeList, list, sumByState);
  const rows = withConditions(reader.selectFrom('seller_charges as sold'), conditionsOf(provider_id, { amount }, list));
  return sumByState(rows).execute();
}

function sumByState<DB, TB extends keyof DB, O>(
  rows: SelectQueryBuilder<DB, TB, O>,
): SelectQueryBuilder<DB, TB, SellerChargesSum> {
  const [state, unit] = [sql.ref<ChargeState>('sold.state'), sql.ref<string>('sold.unit')];
  return rows
    .clearSelect()
    .select([state.as('state'), unit.as('unit'), sql`sum(sold.amount)`.as('amount'), sql`count(*)`.as('rows_count')])
    .groupBy([state, unit])
    .$castTo<SellerChargesSum>(); // the selected columns
}

// Indexes: charge_items_charge_id_rank_key, refund_lines_charge_item_id.
const refundLines = sql`charge_items item
  join refund_lines line on line.charge_item_id = item.id
  join refunds on refunds.id = line.refund_id and refunds.state = 'settled'
  where item.charge_id = sold.charge_id and item.provider_id = sold.provider_id`;

/** The conditions on the rows of the table. Indexes: seller_charges_provider_id, seller_charges_not_done. */
function conditionsOf(
  provider_id: ProfileId,
  { state = null, amount = null }: ChargeFilter,
  { start_at, ends_at }: Pick<ListQuery, 'start_at' | 'ends_at'> = { start_at: null, ends_at: null },
): RawBuilder<SqlBool>[] {
  const [min, max] = [amount?.min ?? null, amount?.max ?? null];
  return [
    sql<SqlBool>`sold.provider_id = ${provider_id}`,
    ...(state === 'refunded' ? [sql<SqlBool>`exists (select from ${refundLines})`] : []),
    // Literals, so that the partial index of the states is found.
    ...(state === null || state === 'refunded' ? [] : [sql<SqlBool>`sold.state = ${sql.lit(state)}`]),
    ...(min === null ? [] : [sql<SqlBool>`sold.amount >= ${min}`]),
    ...(max === null ? [] : [sql<SqlBool>`sold.amount <= ${max}`]),
    ...(start_at === null ? [] : [sql<SqlBool>`sold.created_at >= ${start_at}`]),
    ...(ends_at === null ? [] : [sql<SqlBool>`sold.created_at < ${ends_at}`]),
  ];
}

function selectRows(reader: Reader, provider_id: ProfileId, filter: ChargeFilter) {
  const rows = reader
    .selectFrom('seller_charges as sold')
    .innerJoin(selectProfileNames(reader).as('customer'), 'customer.id', 'sold.profile_id')
    .select(['sold.charge_id', 'sold.processor_key', 'sold.created_at', 'sold.state', 'sold.unit', 'sold.amount'])
    .select(['sold.title', 'sold.lines_count'])
    .select(['customer.slug as customer_slug', 'customer.full_name as customer_full_name'])
    .select(sql<number>`(select coalesce(sum(line.amount), 0)::bigint from ${refundLines})`.as('refunded'))
    .select(
      // An aggregate: of `exists` the server may read all lines of all charges at once.
      sql<boolean>`(select coalesce(bool_or(item.distribute_entry_id is not null), false) from charge_items item
        where item.charge_id = sold.charge_id)`.as('was_paid'),
    );
  return withConditions(rows, conditionsOf(provider_id, filter));
}

function withConditions<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  conditions: readonly RawBuilder<SqlBool>[],
): SelectQueryBuilder<DB, TB, O> {
  return conditions.reduce((restricted, condition) => restricted.where(condition), query);
}

/** A charge that failed or is disputed, as one of its sellers sees it. */
export interface UnpaidSale {
  state: 'failed' | 'disputed';
  /** True if the money had been distributed: a failed charge is then a dispute that was lost. */
  was_paid: boolean;
  amount: number;
  unit: string;
  created_at: Date;
}

/**
 * Finds the newest failed and disputed charges of a customer with lines of the sellers.
 * Index: seller_charges_profile_id.
 */
export async function findUnpaidSales(
  reader: Reader,
  profile_id: ProfileId,
  provider_ids: readonly ProfileId[],
  rows_max: number,
): Promise<UnpaidSale[]> {
  if (provider_ids.length === 0) return [];
  const { rows } = await sql<UnpaidSale>`
    select sold.state, sold.amount, sold.unit, sold.created_at, exists (select from charge_items item
      where item.charge_id = sold.charge_id and item.distribute_entry_id is not null) as was_paid
    from seller_charges sold
    where sold.profile_id = ${profile_id} and sold.state in ('failed', 'disputed')
      and sold.provider_id = any(${[...provider_ids]}::bigint[])
    order by sold.created_at desc, sold.charge_id desc limit ${rows_max}`.execute(reader);
  return rows;
}
