import type { FastifyRequest } from 'fastify';
import { type Plan, planFields, updatePlan } from '#catalog';
import { commonProblems } from '#kernel/problem';
import { multiline, text } from '#platform/pages/forms/fields';
import { sentVersion } from '#platform/pages/forms/edit-version';
import { defineForm } from '#platform/pages/forms/form';
import { money } from '#platform/pages/forms/number-fields';

/** Fields of a plan that the pricing page edits in place; the editor of the plan has all. */
export const inPlaceForm = defineForm({
  title: text({ label: 'Name', length_max: 50 }),
  description: multiline({ label: 'Description', optional: true, length_max: 10_000 }),
  period_amount: money({ label: 'Price', min: 0 }),
});

/** The fields of `inPlaceForm` in a plan, for the version of the form. */
export function inPlaceFields(plan: Plan): Record<string, unknown> {
  const { title, description, period_amount } = planFields(plan);
  return { title, description, period_amount };
}

/**
 * Saves the posted fields of a plan of the provider in the path.
 * @throws invalid_input (400), plan_unknown (404), edit_conflict (409)
 */
export async function saveInPlace({ ctx, subject, body }: FastifyRequest, plan: Plan): Promise<Plan> {
  if (subject.profile_id === null) throw commonProblems.not_found();
  const input = inPlaceForm.read(body, { locale: ctx.lang, timezone: 'UTC', unit: plan.unit });
  const target = {
    provider_id: subject.profile_id,
    slug: plan.slug,
    relation: subject.relation,
    version: sentVersion(body),
  };
  return updatePlan(ctx, target, input);
}
