import { type Expression, type RawBuilder, sql } from 'kysely';
import type { ListQuery, Page } from '#kernel/page';
import type { Reader } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { defineList, listPage } from '#platform/db/list';
import { readBatches } from '#platform/lists/read-batches';
import { selectProfileNames } from '#profiles';

/** What a customer ordered and paid at a provider in one unit, in 1/100 of it. */
export interface CustomerValue {
  customer_id: ProfileId;
  unit: string;
  /** Orders less credit notes. */
  contract_amount: number;
  /** Payments of orders less refunds. */
  cash_amount: number;
  /** Income that was recognised from payments. */
  recognised_amount: number;
  ordered_at: Date;
}

export const customerValueList = defineList({
  search: { slug: 'customer.slug', full_name: 'customer.full_name' },
  sort: { slug: 'customer.slug', full_name: 'customer.full_name', created_at: 'total.ordered_at' },
  default_order: [{ column: 'total.ordered_at', descending: true }],
  tie_breaker: sql<string>`total.customer_id::text || total.unit`,
  date: 'total.ordered_at',
});

/** Lists the customers of a provider with a contract value above 0, one row for each unit. */
export async function listCustomerValues(
  reader: Reader,
  provider_id: ProfileId,
  list: ListQuery,
  url: URL,
): Promise<Page<CustomerValue>> {
  const is_whole = list.start_at === null && list.ends_at === null;
  const count = is_whole ? selectCustomersCount(provider_id) : null;
  return listPage(reader, selectValues(reader, provider_id), customerValueList, list, url, {
    count,
    ...partsInOrder(reader, provider_id, list),
  });
}

/** Yields all customers of `listCustomerValues` in batches. */
export function readCustomerValues(
  reader: Reader,
  provider_id: ProfileId,
  list: ListQuery,
): AsyncGenerator<CustomerValue[]> {
  return readBatches(reader, selectValues(reader, provider_id), customerValueList, list);
}

/** The way to the first customers in the order of a field: the tables that have an index of it, and its column. */
const orders = {
  created_at: { tables: sql`metric_customer_totals stored`, column: sql`stored.ordered_at` },
  full_name: {
    tables: sql`profiles customer join metric_customer_totals stored on stored.customer_id = customer.id`,
    column: sql`customer.full_name`,
  },
  slug: {
    tables: sql`profiles customer join metric_customer_totals stored on stored.customer_id = customer.id`,
    column: sql`customer.slug`,
  },
} as const;

const isOrdered = (field: string): field is keyof typeof orders => Object.hasOwn(orders, field);

/** The first or last stored totals in the order of a field. */
interface Cut {
  field: keyof typeof orders;
  order: RawBuilder<unknown>;
}

/**
 * The first and the last customers of a list by their first order or their names. Indexes:
 * metric_customer_totals_ordered_at; profiles_full_name and profiles_slug_key with metric_customer_totals_pkey, when
 * many of the profiles are customers of the provider.
 */
function partsInOrder(
  reader: Reader,
  provider_id: ProfileId,
  { order, page, page_size, terms, start_at, ends_at }: ListQuery,
) {
  const [first = { field: 'created_at', descending: true }, ...others] = order;
  const { field } = first;
  const is_bounded = start_at !== null || ends_at !== null;
  if (!isOrdered(field) || others.length > 0 || terms.length > 0 || is_bounded) return {};
  // Customers of one instant or name stand by the rest of the order, which the index does not have.
  const select = (descending: boolean, count: Expression<number>) =>
    selectValues(reader, provider_id, {
      field,
      order: sql`order by ${orders[field].column} ${sql.raw(descending ? 'desc' : 'asc')}
        fetch first (${count}) rows with ties`,
    });
  return {
    first: select(first.descending, sql.lit(page * page_size)),
    last: (rows_count: Expression<number>) => select(!first.descending, rows_count),
  };
}

const uncut: Cut = { field: 'created_at', order: sql`` };

function selectValues(reader: Reader, provider_id: ProfileId, cut: Cut = uncut) {
  return reader
    .selectFrom(totalsOf(provider_id, cut).as('total'))
    .innerJoin(selectProfileNames(reader).as('customer'), 'customer.id', 'total.customer_id')
    .select(['total.customer_id', 'total.unit', 'total.ordered_at'])
    .select([
      sql<number>`total.contract_amount::bigint`.as('contract_amount'),
      sql<number>`total.cash_amount::bigint`.as('cash_amount'),
      sql<number>`total.recognised_amount::bigint`.as('recognised_amount'),
    ]);
}

/** What the entries that the totals do not contain yet add to them. */
const recentOf = (provider_id: ProfileId) => sql`recent as materialized (
    select * from metric_customer_postings(totalled_until('ledger_entries'), 9223372036854775807, ${provider_id}))`;

/** Indexes: those of `partsInOrder`, metric_customer_totals_pkey, ledger_entries_pkey. */
function totalsOf(provider_id: ProfileId, { field, order }: Cut): RawBuilder<CustomerValue> {
  return sql<CustomerValue>`(
    with ${recentOf(provider_id)}
    (select stored.customer_id, stored.unit, stored.contract_amount, stored.cash_amount, stored.recognised_amount,
      stored.ordered_at from ${orders[field].tables}
    where stored.provider_id = ${provider_id} and stored.contract_amount > 0
      and (stored.customer_id, stored.unit) not in (select customer_id, unit from recent) ${order})
    union all
    (select recent.customer_id, recent.unit, recent.contract_amount + coalesce(stored.contract_amount, 0),
      recent.cash_amount + coalesce(stored.cash_amount, 0), recent.recognised_amount + coalesce(stored.recognised_amount, 0),
      least(recent.ordered_at, stored.ordered_at)
    from recent left join metric_customer_totals stored
      on (stored.provider_id, stored.customer_id, stored.unit) = (${provider_id}::bigint, recent.customer_id, recent.unit)
    where recent.contract_amount + coalesce(stored.contract_amount, 0) > 0)
  )`;
}

function selectCustomersCount(provider_id: ProfileId): RawBuilder<{ count: number }> {
  return sql<{ count: number }>`
    with ${recentOf(provider_id)}
    select coalesce((select customers_count from metric_customer_counts where provider_id = ${provider_id}), 0) + (
      select count(*) filter (where recent.contract_amount + coalesce(stored.contract_amount, 0) > 0)
        - count(*) filter (where coalesce(stored.contract_amount, 0) > 0)
      from recent left join metric_customer_totals stored
        on (stored.provider_id, stored.customer_id, stored.unit) = (${provider_id}::bigint, recent.customer_id, recent.unit)
    ) as count`;
}

/** First begin and last end of the agreed subscriptions of a customer to the plans of a provider. */
export interface SubscribedTime {
  profile_id: ProfileId;
  begins_at: Date;
  ends_at: Date;
}

/** Finds the times for which customers are subscribed to plans of a provider. Index: subscriptions_profile_id. */
export async function findSubscribedTimes(
  reader: Reader,
  provider_id: ProfileId,
  customer_ids: readonly ProfileId[],
): Promise<Map<ProfileId, SubscribedTime>> {
  if (customer_ids.length === 0) return new Map();
  const { rows } = await sql<SubscribedTime>`
    select subscription.profile_id, min(subscription.created_at) as begins_at, max(subscription.ends_at) as ends_at
    from subscriptions subscription join plans plan on plan.id = subscription.plan_id
    where subscription.profile_id = any(${[...customer_ids]}::bigint[]) and plan.profile_id = ${provider_id}
      and subscription.grant_key is null and subscription.request_key is null
    group by subscription.profile_id`.execute(reader);
  return new Map(rows.map((row) => [row.profile_id, row]));
}

/** Totals of customers of a provider, by customer and unit. */
export async function findCustomerValues(
  reader: Reader,
  provider_id: ProfileId,
  customer_ids: readonly ProfileId[],
): Promise<CustomerValue[]> {
  if (customer_ids.length === 0) return [];
  return selectValues(reader, provider_id)
    .where(sql<boolean>`total.customer_id = any(${[...customer_ids]}::bigint[])`)
    .execute();
}
