import { sql, type SqlBool } from 'kysely';
import type { ListQuery, Page } from '#kernel/page';
import type { Reader } from '#platform/db/database';
import type { ChargeId } from '#platform/db/db-schema';
import { defineList, filterRows, listPage, searchPageAndSums } from '#platform/db/list';
import { mergeReads } from '#platform/db/merge-reads';
import { readOverRows } from '#platform/lists/list-searched';
import { readBatches } from '#platform/lists/read-batches';
import { profile_keys, selectNamedProfiles, selectProfileNames } from '#profiles';
import type { Charge, ChargeState } from '../records/index.ts';

/** One customer after the other. Index: charges_profile_id. */
const by_name = [{ keys: profile_keys.full_name, scope: 'charges.profile_id' }] as const;

export const chargeList = defineList({
  search: {
    description: 'charges.description',
    processor_key: 'charges.processor_key',
    customer: 'customer.slug',
    customer__full_name: 'customer.full_name',
  },
  sort: {
    // The first 200 characters: charges_description.
    description: sql`left(charges.description, 200)`,
    amount: 'charges.amount',
    state: 'charges.state',
    full_name: 'customer.full_name',
    'Full name': 'customer.full_name',
    customer__full_name: 'customer.full_name',
    created_at: 'charges.created_at',
    date: 'charges.created_at',
  },
  default_order: [{ column: 'charges.created_at', descending: false }],
  tie_breaker: 'charges.id',
  date: 'charges.created_at',
  grouped: { full_name: by_name, 'Full name': by_name, customer__full_name: by_name },
  candidates: (matches) => sql`
    select charges.id from charges where ${matches(sql`charges.description || ' ' || charges.processor_key`)}
    union all
    select charges.id from charges where charges.profile_id in (${selectNamedProfiles(matches)})`,
});

/** Restricts a list of charges besides its query. */
export interface ChargeFilter {
  /** `refunded`: at least one refund was paid. */
  state?: ChargeState | 'refunded' | null;
  /** In 1/100 of the unit of the charge, inclusive. */
  amount?: { min: number | null; max: number | null } | null;
}

/** A sum of charges in one unit, in 1/100 of it. */
export interface ChargesSum {
  unit: string;
  amount: number;
}

/**
 * Returns a page of all charges, and the sums of those of all pages by unit; `until` when the list is restricted by
 * that bound (exclusive) only.
 */
export async function listChargeRows(
  reader: Reader,
  list: ListQuery,
  until: Date | null,
  url: URL,
  filter: ChargeFilter = {},
): Promise<{ page: Page<Charge>; sums: ChargesSum[] }> {
  const query = selectCharges(reader, filter);
  const searched = await searchPageAndSums(reader, query, chargeList, list, url, (rows) =>
    rows
      .clearSelect()
      .select((eb) => [
        'charges.unit',
        eb.fn.sum<number>('charges.amount').as('amount'),
        eb.fn.countAll<number>().as('rows_count'),
      ])
      .groupBy('charges.unit')
      .orderBy('charges.unit'),
  );
  if (searched) return { ...searched, sums: searched.sums.map(({ unit, amount }) => ({ unit, amount })) };
  const count =
    until && sql<{ count: number }>`select coalesce(sum(rows_count), 0) as count from ${totalsUntil(until)}`;
  const [page, sums] = await mergeReads(reader, [
    (together) => listPage(together, query, chargeList, list, url, { count }),
    (together) => sumCharges(together, list, until, filter),
  ]);
  return { page, sums };
}

/** Yields all rows of a list of charges in batches. */
export function readChargeRows(reader: Reader, list: ListQuery, filter: ChargeFilter): AsyncGenerator<Charge[]> {
  return readBatches(reader, selectCharges(reader, filter), chargeList, list);
}

/** Counts the charges that match a list query, by state. */
export async function countChargesByState(
  reader: Reader,
  list: ListQuery,
  filter: ChargeFilter,
): Promise<{ state: ChargeState; count: number }[]> {
  return readOverRows(reader, selectCharges(reader, filter), chargeList, list, (rows) =>
    rows
      .clearSelect()
      .select((eb) => ['charges.state', eb.fn.countAll<number>().as('count')])
      .groupBy('charges.state'),
  );
}

/** What the lines of a charge add to it in a list. */
export interface ChargeLines {
  charge_id: ChargeId;
  /** Title of the first line; empty for charges of the first version. */
  title: string;
  lines_count: number;
  /** True if the money of the charge was distributed to the sellers. */
  was_paid: boolean;
  /** Sum of the paid refunds, in 1/100 of the unit of the charge. */
  refunded: number;
}

/** Returns what the lines of these charges add to them. Charges without a line are absent. */
export async function findLinesOfCharges(reader: Reader, ids: readonly ChargeId[]): Promise<ChargeLines[]> {
  if (ids.length === 0) return [];
  // Indexes: charge_items_charge_id_rank_key, refund_lines_charge_item_id.
  const { rows } = await sql<ChargeLines>`
    select item.charge_id, (array_agg(item.title order by item.rank))[1] as title, count(*)::int as lines_count,
      bool_or(item.distribute_entry_id is not null) as was_paid,
      coalesce(sum(refund.amount), 0)::bigint as refunded
    from charge_items item left join lateral (
      select sum(line.amount) as amount from refund_lines line join refunds on refunds.id = line.refund_id
      where line.charge_item_id = item.id and refunds.state = 'settled') refund on true
    where item.charge_id = any(${[...ids]}::bigint[])
    group by item.charge_id`.execute(reader);
  return rows;
}

/** The charges before an instant by unit: those of the totals and those since then, less the later ones. */
function totalsUntil(until: Date) {
  // Indexes: charges_pkey, charges_created_at. Both ends, as the server expects few rows of a range only.
  return sql`(
    select unit, rows_count, amount from charge_totals
    union all
    select unit, count(*), sum(amount) from charges
      where id between (select totalled_until('charges') + 1) and (select max(id) from charges) group by unit
    union all
    select unit, -count(*), -sum(amount) from charges where created_at >= ${until} group by unit
  ) as total`;
}

/** Returns the sums of the charges that match a list query, by unit. */
async function sumCharges(
  reader: Reader,
  list: ListQuery,
  until: Date | null,
  filter: ChargeFilter,
): Promise<ChargesSum[]> {
  if (until !== null && list.terms.length === 0) {
    const { rows } = await sql<ChargesSum>`
      select unit, sum(amount) as amount from ${totalsUntil(until)}
      group by unit having sum(rows_count) > 0 order by unit`.execute(reader);
    return rows;
  }
  return filterRows(selectCharges(reader, filter), chargeList, list)
    .clearSelect()
    .select((eb) => ['charges.unit', eb.fn.sum<number>('charges.amount').as('amount')])
    .groupBy('charges.unit')
    .orderBy('charges.unit')
    .execute();
}

function selectCharges(reader: Reader, { state = null, amount = null }: ChargeFilter = {}) {
  // Indexes: charges_state, charges_amount, refunds_charge_id.
  const [min, max] = [amount?.min ?? null, amount?.max ?? null];
  const refunded = sql<SqlBool>`exists (select from refunds
    where refunds.charge_id = charges.id and refunds.state = 'settled')`;
  return reader
    .selectFrom('charges')
    .leftJoin(selectProfileNames(reader).as('customer'), 'customer.id', 'charges.profile_id')
    .selectAll('charges')
    .$if(state === 'refunded', (query) => query.where(refunded))
    .$if(state !== null && state !== 'refunded', (query) => query.where('charges.state', '=', state as ChargeState))
    .$if(min !== null, (query) => query.where('charges.amount', '>=', min as number))
    .$if(max !== null, (query) => query.where('charges.amount', '<=', max as number));
}
