import type { Context } from '#platform/context';
import { inTransaction, isForeignKeyViolation } from '#platform/db/database';
import { deletePlanRow, findPlanOf, lockPlan } from './plan-store.ts';
import { catalogProblems } from '../problems.ts';
import type { PlanFacts, PlanTarget } from './update-plan.ts';

/**
 * Deletes a plan that nobody ever subscribed to; carts lose it.
 * @throws plan_unknown (404), plan_has_subscribers (403), plan_in_use (409)
 */
export async function deletePlan(
  ctx: Context,
  facts: PlanFacts,
  target: Pick<PlanTarget, 'provider_id' | 'slug'>,
): Promise<void> {
  try {
    await inTransaction(ctx.db, async (tx) => {
      const found = await findPlanOf(tx, target.provider_id, target.slug);
      const plan = found && (await lockPlan(tx, found.id));
      if (!plan) throw catalogProblems.plan_unknown();
      if (await facts.hasSubscribers(tx, plan.id)) throw catalogProblems.plan_has_subscribers();
      await deletePlanRow(tx, plan.id);
    });
  } catch (error) {
    if (isForeignKeyViolation(error)) throw catalogProblems.plan_in_use({ cause: error });
    throw error;
  }
}
