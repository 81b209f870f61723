import type { Reader } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import type { Plan } from './plan.ts';
import { readPlan, selectPlans } from './plan-store.ts';

/** Plans that a choice lists at most. */
const PLANS_MAX = 100;

/** Finds the priced plans that a provider sells in a currency, by their price; at most 100. */
export async function findPlansOnSale(
  reader: Reader,
  { profile_id, unit }: Pick<Plan, 'unit'> & { profile_id: ProfileId },
): Promise<Plan[]> {
  const rows = await selectPlans(reader)
    .where('plans.profile_id', '=', profile_id)
    .where('plans.unit', '=', unit)
    .where('plans.is_active', '=', true)
    .where('plans.is_not_priced', '=', false)
    .orderBy('plans.period_amount')
    .orderBy('plans.id')
    .limit(PLANS_MAX)
    .execute();
  return rows.map(readPlan);
}
