import { invalidInput } from '#kernel/problem';
import { canonicalName, slugify, withSuffix } from '#kernel/slug';
import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import { randomKey40 } from '#platform/security/crypto';
import { inTransaction, isForeignKeyViolation, isUniqueViolation, type Reader, type Tx } from '#platform/db/database';
import type { PlanId, ProfileId } from '#platform/db/db-schema';
import { emit } from '#platform/jobs/events';
import { slugTaken, titleTaken } from './create-plan.ts';
import { planUpdated } from '../events.ts';
import { advanceDiscounts, checkPlan, planColumns, useCharges } from './plan-input.ts';
import {
  findPlanBySlug,
  findPlanOf,
  lockPlan,
  replaceAdvanceDiscounts,
  replaceUseCharges,
  updatePlanRow,
} from './plan-store.ts';
import type { Plan } from './plan.ts';
import { refuseBrokerFee } from '../policy.ts';
import { catalogProblems } from '../problems.ts';
import type { PlanInput } from './schemas.ts';

export interface PlanFacts {
  /** Says whether anybody subscribed to the plan, now or ever. */
  hasSubscribers(reader: Reader, plan_id: PlanId): Promise<boolean>;
}

/** Which plan is meant, and how the caller stands to its provider. */
export interface PlanTarget {
  provider_id: ProfileId;
  slug: string;
  relation: string;
}

/**
 * Changes a plan; what is left out keeps its value. Prices change for renewals to come, not for what was paid.
 *
 * A slug that was made from the title follows a new title as long as nobody has ever subscribed.
 * @throws plan_unknown (404), invalid_input (400), use_charge_in_use (409), broker_fee_protected (403)
 */
export async function updatePlan(ctx: Context, facts: PlanFacts, target: PlanTarget, input: PlanInput): Promise<Plan> {
  refuseBrokerFee(input, target.relation);
  await checkChange(ctx.db, target, input);
  const at = ctx.clock.now();
  try {
    return await inTransaction(ctx.db, async (tx) => {
      const plan = await findAndLock(tx, target);
      const sold = await facts.hasSubscribers(tx, plan.id);
      refuseChange(plan, input, sold);
      const slug = sold ? plan.slug : await nextSlug(tx, plan, input);
      await updatePlanRow(tx, plan.id, { ...planColumns(input), slug });
      const discounts = advanceDiscounts(input);
      if (discounts) await replaceAdvanceDiscounts(tx, plan.id, discounts);
      const uses = useCharges(input, at);
      if (uses) await replaceUseCharges(tx, plan.id, uses);
      const originated_by = actorId(ctx);
      await emit(tx, planUpdated({ plan_id: plan.id, profile_id: plan.profile_id, originated_by }), at);
      return findAndLock(tx, { ...target, slug });
    });
  } catch (error) {
    if (isUniqueViolation(error, 'plans_profile_id_title_key')) throw titleTaken();
    if (isUniqueViolation(error, 'plans_slug_key')) throw slugTaken();
    if (isForeignKeyViolation(error)) throw catalogProblems.use_charge_in_use({ cause: error });
    throw error;
  }
}

/** Checks what a plan will be: a new currency concerns the prices that it keeps as well. */
async function checkChange(reader: Reader, { provider_id, slug }: PlanTarget, input: PlanInput): Promise<void> {
  const plan = await findPlanOf(reader, provider_id, slug);
  const unit = input.unit?.toLowerCase() ?? plan?.unit;
  if (unit === undefined) throw catalogProblems.plan_unknown();
  const kept = plan && { period_amount: plan.period_amount, setup_amount: plan.setup_amount };
  checkPlan(plan && unit !== plan.unit ? { ...kept, ...input } : input, unit);
}

async function findAndLock(tx: Tx, target: { provider_id: ProfileId; slug: string }): Promise<Plan> {
  const found = await findPlanOf(tx, target.provider_id, target.slug);
  const plan = found && (await lockPlan(tx, found.id));
  if (!plan) throw catalogProblems.plan_unknown();
  return plan;
}

function refuseChange(plan: Plan, input: PlanInput, sold: boolean): void {
  if (!sold) return;
  const said = 'This cannot change once somebody has subscribed.';
  const errors: Record<string, string[]> = {};
  if (input.slug !== undefined && canonicalName(input.slug) !== plan.slug) errors['slug'] = [said];
  if (input.unit !== undefined && input.unit.toLowerCase() !== plan.unit) errors['unit'] = [said];
  if (Object.keys(errors).length > 0) throw invalidInput(errors);
}

async function nextSlug(tx: Tx, plan: Plan, input: PlanInput): Promise<string> {
  if (input.slug !== undefined) return canonicalName(input.slug);
  const former = slugify(plan.title);
  const follows = plan.slug === former || (former !== '' && plan.slug.startsWith(`${former}-`));
  const wanted = input.title === undefined ? '' : slugify(input.title);
  if (!follows || wanted === '' || wanted === former) return plan.slug;
  const taken = await findPlanBySlug(tx, wanted);
  return taken ? withSuffix(wanted, (digits) => randomKey40().slice(0, digits)) : wanted;
}
