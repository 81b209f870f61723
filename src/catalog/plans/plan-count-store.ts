import { sql } from 'kysely';
import type { ListQuery } from '#kernel/page';
import type { Reader } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { filterRows } from '#platform/db/list';
import { selectProfileNames } from '#profiles';
import { planList, selectPlans } from './plan-store.ts';

/** Counts the plans of a provider that match the search of a list: all, and those on sale. */
export async function countPlansOnSale(
  reader: Reader,
  profile_id: ProfileId,
  list: ListQuery,
): Promise<{ all: number; on_sale: number }> {
  const plans = selectPlans(reader)
    .clearSelect()
    .innerJoin(selectProfileNames(reader).as('provider'), 'provider.id', 'plans.profile_id')
    .where('plans.profile_id', '=', profile_id);
  return filterRows(plans, planList, list)
    .select([sql<number>`count(*)`.as('all'), sql<number>`count(*) filter (where plans.is_active)`.as('on_sale')])
    .executeTakeFirstOrThrow();
}
