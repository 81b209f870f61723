import { type RawBuilder, type SelectQueryBuilder, sql, type SqlBool } from 'kysely';
import type { ListQuery, Page } from '#kernel/page';
import type { Reader } from '#platform/db/database';
import type { ChargeId, ProfileId } from '#platform/db/db-schema';
import { defineList, listPage } from '#platform/db/list';
import { readOverRows } from '#platform/lists/list-searched';
import { readBatches } from '#platform/lists/read-batches';
import { selectNamedProfiles, selectProfileNames } from '#profiles';
import type { ChargeState } from '../records/index.ts';
import type { ChargeFilter, ChargesSum } from './charge-list-store.ts';

export const sellerChargeList = defineList({
  search: {
    description: 'sold.title',
    processor_key: 'charges.processor_key',
    customer: 'customer.slug',
    customer__full_name: 'customer.full_name',
  },
  sort: {
    description: sql`left(sold.title, 200)`,
    amount: 'sold.amount',
    state: 'sold.state',
    full_name: 'customer.full_name',
    created_at: 'sold.created_at',
  },
  default_order: [{ column: 'sold.created_at', descending: false }],
  tie_breaker: 'sold.charge_id',
  date: 'sold.created_at',
  // Those of all charges: the text of a charge contains more than the line of the seller, which is compared after it.
  candidates: (matches) => sql`
    select charges.id from charges where ${matches(sql`charges.description || ' ' || charges.processor_key`)}
    union all
    select seller_charges.charge_id from seller_charges where ${matches(sql`seller_charges.title`)}
    union all
    select charges.id from charges where charges.profile_id in (${selectNamedProfiles(matches)})`,
});

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

/** Returns a page of the charges that have lines of a seller, in one statement. */
export async function listSellerCharges(
  reader: Reader,
  provider_id: ProfileId,
  list: ListQuery,
  url: URL,
  filter: ChargeFilter = {},
): Promise<Page<SellerCharge>> {
  // Without the joins of the rows: each charge of a seller has one customer.
  const count = sql<{ count: number }>`
    select count(*) as count from seller_charges sold where ${sql.join(conditionsOf(provider_id, filter, list), sql` and `)}`;
  return listPage(reader, selectRows(reader, provider_id, filter), sellerChargeList, list, url, { count });
}

/** Yields all rows of the list in batches. */
export function readSellerCharges(
  reader: Reader,
  provider_id: ProfileId,
  list: ListQuery,
  filter: ChargeFilter,
): AsyncGenerator<SellerCharge[]> {
  return readBatches(reader, selectRows(reader, provider_id, filter), sellerChargeList, list);
}

/** Number and sum of the charges of a list in one state and unit. */
export interface SellerChargesSum extends ChargesSum {
  state: ChargeState;
  count: number;
}

/** Returns the number and the sum of the charges that match a list query, by state and unit. */
export async function sumSellerCharges(
  reader: Reader,
  provider_id: ProfileId,
  list: ListQuery,
  filter: ChargeFilter,
): Promise<SellerChargesSum[]> {
  return readOverRows(reader, selectRows(reader, provider_id, filter), sellerChargeList, list, (rows) =>
    rows
      .clearSelect()
      .select((eb) => [
        'charges.state',
        'sold.unit',
        eb.fn.sum<number>('sold.amount').as('amount'),
        eb.fn.countAll<number>().as('count'),
      ])
      .groupBy(['charges.state', 'sold.unit']),
  );
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
    .innerJoin('charges', 'charges.id', 'sold.charge_id')
    .innerJoin(selectProfileNames(reader).as('customer'), 'customer.id', 'charges.profile_id')
    .select(['sold.charge_id', 'sold.created_at', 'sold.unit', 'sold.amount', 'sold.title', 'sold.lines_count'])
    .select(['charges.processor_key', 'charges.state'])
    .select(['customer.slug as customer_slug', 'customer.full_name as customer_full_name'])
    .select(sql<number>`(select coalesce(sum(line.amount), 0)::bigint from ${refundLines})`.as('refunded'))
    .select(
      sql<boolean>`exists (select from charge_items item where item.charge_id = sold.charge_id
        and item.distribute_entry_id is not null)`.as('was_paid'),
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

/** Finds the newest failed and disputed charges of a customer with lines of the sellers. Index: charges_profile_id. */
export async function findUnpaidSales(
  reader: Reader,
  profile_id: ProfileId,
  provider_ids: readonly ProfileId[],
  rows_max: number,
): Promise<UnpaidSale[]> {
  if (provider_ids.length === 0) return [];
  const { rows } = await sql<UnpaidSale>`
    select charges.state, sold.amount, sold.unit, sold.created_at, exists (select from charge_items item
      where item.charge_id = charges.id and item.distribute_entry_id is not null) as was_paid
    from charges join seller_charges sold on sold.charge_id = charges.id
    where charges.profile_id = ${profile_id} and charges.state in ('failed', 'disputed')
      and sold.provider_id = any(${[...provider_ids]}::bigint[])
    order by sold.created_at desc, charges.id desc limit ${rows_max}`.execute(reader);
  return rows;
}
