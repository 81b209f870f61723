import { findProfileById } from '#profiles';
import { invalidInput } from '#kernel/problem';
import { slugify, withSuffix } from '#kernel/slug';
import { actorId } from '#platform/actor-id';
import type { Context } from '#platform/context';
import { randomKey40 } from '#platform/security/crypto';
import { paths } from '#platform/http/paths';
import { inTransaction, isUniqueViolation } from '#platform/db/database';
import type { PlanId, ProfileId } from '#platform/db/db-schema';
import { emit } from '#platform/jobs/events';
import { requireQuota } from '#platform/security/quota';
import { planCreated } from '../events.ts';
import { advanceDiscounts, requireValidPlan, pickPlanColumns, useCharges } from './plan-input.ts';
import {
  countPlans,
  findPlansByIds,
  findUnitOf,
  insertPlanRow,
  replaceAdvanceDiscounts,
  replaceUseCharges,
} from './plan-store.ts';
import type { Plan } from './plan.ts';
import { mayWriteBrokerFee } from '../policy.ts';
import { catalogProblems } from '../problems.ts';
import { plansQuota } from '../quotas.ts';
import type { PlanInput } from './schemas.ts';

const DEFAULT_UNIT = 'usd';
const SLUG_ATTEMPTS_MAX = 9;

/** Segments of pages below the plans of a provider. */
export const RESERVED_SLUGS: ReadonlySet<string> = new Set(['new', 'download']);

export type NewPlanInput = PlanInput & { title: string };

/**
 * Creates a plan of a provider. Defaults: inactive, yearly, renewing, in the currency of the provider's first plan.
 *
 * The slug is derived from the title unless given; a derived slug that is taken gets a random suffix.
 * @throws invalid_input (400), broker_fee_protected, provider_required (403)
 */
export async function createPlan(
  ctx: Context,
  provider_id: ProfileId,
  input: NewPlanInput,
  relation: string,
): Promise<Plan> {
  if (!mayWriteBrokerFee(relation, input)) throw catalogProblems.broker_fee_protected();
  const unit = input.unit?.toLowerCase() ?? (await findUnitOf(ctx.db, provider_id)) ?? DEFAULT_UNIT;
  requireValidPlan(input, unit);
  const base = input.slug ?? (slugify(input.title) || 'plan');
  const is_reserved = RESERVED_SLUGS.has(base);
  if (is_reserved && input.slug !== undefined) throw planSlugTakenProblem();
  for (let attempt = is_reserved ? 1 : 0; ; attempt += 1) {
    const slug = attempt === 0 ? base : withSuffix(base, (digits) => randomKey40().slice(0, digits));
    try {
      return await savePlan(ctx, provider_id, { ...input, unit }, slug);
    } catch (error) {
      if (isUniqueViolation(error, 'plans_profile_id_title_key')) throw planTitleTakenProblem();
      if (!isUniqueViolation(error, 'plans_slug_key') || attempt >= SLUG_ATTEMPTS_MAX) throw error;
      if (input.slug !== undefined) throw planSlugTakenProblem();
    }
  }
}

export const planTitleTakenProblem = () => invalidInput({ title: ['A plan with this title already exists.'] });
export const planSlugTakenProblem = () => invalidInput({ slug: ['A plan with this slug already exists.'] });

async function savePlan(
  ctx: Context,
  provider_id: ProfileId,
  input: NewPlanInput & { unit: string },
  slug: string,
): Promise<Plan> {
  const at = ctx.clock.now();
  return inTransaction(ctx.db, async (tx) => {
    // The broker decides which profiles may sell: plans are listed to the public.
    const provider = await findProfileById(tx, provider_id);
    if (!provider?.is_provider) throw catalogProblems.provider_required({ location: paths.contact() });
    requireQuota(plansQuota, await countPlans(tx, provider_id));
    const columns = pickPlanColumns(input);
    const id = await insertPlanRow(tx, {
      ...columns,
      unit: input.unit,
      title: input.title.trim(),
      slug,
      profile_id: provider_id,
      created_at: at,
    });
    await replaceAdvanceDiscounts(tx, id, advanceDiscounts(input) ?? []);
    await replaceUseCharges(tx, id, useCharges(input, at) ?? []);
    const originated_by = actorId(ctx);
    await emit(tx, planCreated({ plan_id: id, profile_id: provider_id, originated_by }), at);
    return getPlan(tx, id);
  });
}

async function getPlan(tx: Parameters<typeof findPlansByIds>[0], id: PlanId): Promise<Plan> {
  const plan = (await findPlansByIds(tx, [id])).get(id);
  if (!plan) throw new Error(`plan ${id} was deleted in the transaction that created it`);
  return plan;
}
