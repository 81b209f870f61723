import { type BalancePage, upToNow, withBalance } from '#ledger';
import type { ListQuery } from '#kernel/page';
import type { Context } from '#platform/context';
import { filterRows, defineList, listPage } from '#platform/db/list';
import { selectProfileNames } from '#profiles';
import { presentCharge } from './present-charge.ts';
import type { ChargeBody } from './schemas.ts';

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

/** Lists all charges of the site, with the sum of those that the list is about. */
export async function listCharges(ctx: Context, list: ListQuery, url: URL): Promise<BalancePage<ChargeBody>> {
  const range = upToNow(list, ctx.clock.now());
  const query = ctx.db
    .selectFrom('charges')
    .leftJoin(selectProfileNames(ctx.db).as('customer'), 'customer.id', 'charges.profile_id')
    .selectAll('charges');
  const page = await listPage(query, chargeList, range.list, url);
  const sums = await filterRows(query, chargeList, range.list)
    .clearSelect()
    .select((eb) => ['charges.unit', eb.fn.sum<number>('charges.amount').as('amount')])
    .groupBy('charges.unit')
    .orderBy('charges.unit')
    .execute();
  const results = page.results.map((charge) => presentCharge(charge, undefined, ctx.lang));
  return withBalance({ ...page, results }, range, sums);
}
