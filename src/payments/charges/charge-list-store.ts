import { sql } from 'kysely';
import type { ListQuery } from '#kernel/page';
import type { Reader } from '#platform/db/database';
import { defineList, filterRows, listPage } from '#platform/db/list';
import { profile_keys, selectNamedProfiles, selectProfileNames } from '#profiles';

/** One customer after the other. Index: charges_profile_id. */
const by_name = { keys: profile_keys.full_name, scope: 'charges.profile_id' } as const;

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

/** Returns a page of all charges; `until` when the list is restricted by that bound (exclusive) only. */
export function listChargeRows(reader: Reader, list: ListQuery, until: Date | null, url: URL) {
  const count =
    until && sql<{ count: number }>`select coalesce(sum(rows_count), 0) as count from ${totalsUntil(until)}`;
  return listPage(reader, selectCharges(reader), chargeList, list, url, { count });
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
export async function sumCharges(
  reader: Reader,
  list: ListQuery,
  until: Date | null,
): Promise<{ unit: string; amount: number }[]> {
  if (until !== null && list.terms.length === 0) {
    const { rows } = await sql<{ unit: string; amount: number }>`
      select unit, sum(amount) as amount from ${totalsUntil(until)}
      group by unit having sum(rows_count) > 0 order by unit`.execute(reader);
    return rows;
  }
  return filterRows(selectCharges(reader), chargeList, list)
    .clearSelect()
    .select((eb) => ['charges.unit', eb.fn.sum<number>('charges.amount').as('amount')])
    .groupBy('charges.unit')
    .orderBy('charges.unit')
    .execute();
}

function selectCharges(reader: Reader) {
  return reader
    .selectFrom('charges')
    .leftJoin(selectProfileNames(reader).as('customer'), 'customer.id', 'charges.profile_id')
    .selectAll('charges');
}
