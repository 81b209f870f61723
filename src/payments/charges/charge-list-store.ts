import type { ListQuery } from '#kernel/page';
import type { Reader } from '#platform/db/database';
import { defineList, filterRows, listPage } from '#platform/db/list';
import { selectProfileNames } from '#profiles';

export const chargeList = defineList({
  search: {
    description: 'charges.description',
    processor_key: 'charges.processor_key',
    customer: 'customer.slug',
    customer__full_name: 'customer.full_name',
  },
  sort: {
    description: 'charges.description',
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
});

/** Returns a page of the charges of all profiles. */
export function listChargeRows(reader: Reader, list: ListQuery, url: URL) {
  return listPage(selectCharges(reader), chargeList, list, url);
}

/** Returns the sums of the charges that match a list query, by unit. */
export function sumCharges(reader: Reader, list: ListQuery): Promise<{ unit: string; amount: number }[]> {
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
