import { invalidInput } from '#kernel/problem';
import { canonicalName, slugify, withSuffix } from '#kernel/slug';
import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import { requireSameVersion } from '#platform/pages/forms/edit-version';
import { randomKey40 } from '#platform/security/crypto';
import { inTransaction, isForeignKeyViolation, isUniqueViolation, type Reader, type Tx } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { emit } from '#platform/jobs/events';
import { planUpdated } from '../events.ts';
import { mayWriteBrokerFee } from '../policy.ts';
import { catalogProblems } from '../problems.ts';
import { planSlugTakenProblem, RESERVED_SLUGS, planTitleTakenProblem } from './create-plan.ts';
import { advanceDiscounts, pickPlanColumns, requireValidPlan, useCharges } from './plan-input.ts';
import {
  findPlanBySlug,
  findPlanOf,
  lockPlan,
  replaceAdvanceDiscounts,
  replaceUseCharges,
  updatePlanRow,
} from './plan-store.ts';
import type { Plan } from './plan.ts';
import type { PlanInput } from './schemas.ts';

/** The plan to change, and the relation of the caller to its provider. */
export interface PlanTarget {
  provider_id: ProfileId;
  slug: string;
  relation: string;
  /** Version of the edited fields (`planFields`), from a page; omitted by the API. */
  version?: string;
}

/** Returns the fields of a plan that its page edits, for the version of the form. */
export function planFields(plan: Plan): Record<string, unknown> {
  const { id: _id, profile_id: _profile_id, slug: _slug, created_at: _created_at, ...fields } = plan;
  const { first_subscribed_at: _first, advance_discounts, use_charges, ...edited } = fields;
  return {
    ...edited,
    advance_discounts: advance_discounts.map(({ id: _discount_id, ...discount }) => discount),
    use_charges: use_charges.map(({ slug, title, use_amount, quota, maximum_limit }) => {
      return { slug, title, use_amount, quota, maximum_limit };
    }),
  };
}

/**
 * Changes a plan; fields that the input omits keep their values. New prices apply to later orders and renewals only.
 *
 * A slug that was derived from the title follows a new title until the first subscription.
 * @throws plan_unknown (404), invalid_input (400), use_charge_in_use, edit_conflict (409), broker_fee_protected (403)
 */
export async function updatePlan(ctx: Context, target: PlanTarget, input: PlanInput): Promise<Plan> {
  if (!mayWriteBrokerFee(target.relation, input)) throw catalogProblems.broker_fee_protected();
  await requireValidChange(ctx.db, target, input);
  const at = ctx.clock.now();
  try {
    return await inTransaction(ctx.db, async (tx) => {
      const plan = await getLockedPlan(tx, target);
      requireSameVersion(target.version, planFields(plan));
      const refusals = refuseChange(plan, input);
      if (refusals !== null) throw invalidInput(refusals);
      const slug = plan.first_subscribed_at === null ? await chooseSlug(tx, plan, input) : plan.slug;
      await updatePlanRow(tx, plan.id, { ...pickPlanColumns(input), slug });
      const discounts = advanceDiscounts(input);
      if (discounts) await replaceAdvanceDiscounts(tx, plan.id, discounts);
      const uses = useCharges(input, at);
      if (uses) await replaceUseCharges(tx, plan.id, uses);
      const facts = { plan_id: plan.id, profile_id: plan.profile_id, originated_by: actorId(ctx) };
      await emit(tx, planUpdated(facts), at);
      return getLockedPlan(tx, { ...target, slug });
    });
  } catch (error) {
    if (isUniqueViolation(error, 'plans_profile_id_title_key')) throw planTitleTakenProblem();
    if (isUniqueViolation(error, 'plans_slug_key')) throw planSlugTakenProblem();
    if (isForeignKeyViolation(error)) throw catalogProblems.use_charge_in_use({ cause: error });
    throw error;
  }
}

/** Validates the plan with the changes applied: a new currency also affects unchanged prices. */
async function requireValidChange(reader: Reader, { provider_id, slug }: PlanTarget, input: PlanInput): Promise<void> {
  const plan = await findPlanOf(reader, provider_id, slug);
  const unit = input.unit?.toLowerCase() ?? plan?.unit;
  if (unit === undefined) throw catalogProblems.plan_unknown();
  const kept = plan && { period_amount: plan.period_amount, setup_amount: plan.setup_amount };
  requireValidPlan(plan && unit !== plan.unit ? { ...kept, ...input } : input, unit, plan);
}

/** Selects a plan of a provider FOR UPDATE. @throws plan_unknown (404) */
export async function getLockedPlan(tx: Tx, target: { provider_id: ProfileId; slug: string }): Promise<Plan> {
  const found = await findPlanOf(tx, target.provider_id, target.slug);
  const plan = found && (await lockPlan(tx, found.id));
  if (!plan) throw catalogProblems.plan_unknown();
  return plan;
}

/** Returns the errors of the fields that cannot change after the first subscription, or null. */
function refuseChange(plan: Plan, input: PlanInput): Record<string, string[]> | null {
  if (plan.first_subscribed_at === null) return null;
  const refusal = 'This cannot change after the first subscription.';
  const errors: Record<string, string[]> = {};
  if (input.slug !== undefined && canonicalName(input.slug) !== plan.slug) errors['slug'] = [refusal];
  if (input.unit !== undefined && input.unit.toLowerCase() !== plan.unit) errors['unit'] = [refusal];
  return Object.keys(errors).length > 0 ? errors : null;
}

async function chooseSlug(tx: Tx, plan: Plan, input: PlanInput): Promise<string> {
  if (input.slug !== undefined) {
    const slug = canonicalName(input.slug);
    if (RESERVED_SLUGS.has(slug) && slug !== plan.slug) throw planSlugTakenProblem();
    return slug;
  }
  const former = slugify(plan.title);
  const is_derived = plan.slug === former || (former !== '' && plan.slug.startsWith(`${former}-`));
  const wanted = input.title === undefined ? '' : slugify(input.title);
  if (!is_derived || wanted === '' || wanted === former) return plan.slug;
  const taken = RESERVED_SLUGS.has(wanted) || (await findPlanBySlug(tx, wanted)) !== undefined;
  return taken ? withSuffix(wanted, (digits) => randomKey40().slice(0, digits)) : wanted;
}
