import type { Context } from '#platform/context';
import { inTransaction, isForeignKeyViolation } from '#platform/db/database';
import { catalogProblems } from '../problems.ts';
import { deletePlanRow } from './plan-store.ts';
import { getLockedPlan, type PlanTarget } from './update-plan.ts';

/**
 * Deletes a plan that never had a subscription; it is removed from carts.
 * @throws plan_unknown (404), plan_has_subscribers (403), plan_in_use (409)
 */
export async function deletePlan(ctx: Context, target: Pick<PlanTarget, 'provider_id' | 'slug'>): Promise<void> {
  try {
    await inTransaction(ctx.db, async (tx) => {
      const plan = await getLockedPlan(tx, target);
      if (plan.first_subscribed_at !== null) throw catalogProblems.plan_has_subscribers();
      await deletePlanRow(tx, plan.id);
    });
  } catch (error) {
    if (isForeignKeyViolation(error, 'subscriptions_plan_id_fkey')) {
      throw catalogProblems.plan_has_subscribers({ cause: error });
    }
    if (isForeignKeyViolation(error)) throw catalogProblems.plan_in_use({ cause: error });
    throw error;
  }
}
