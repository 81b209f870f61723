import { chargeStep, isCurrency } from '#kernel/money';
import { invalidInput } from '#kernel/problem';
import { extraToText } from '#platform/http/schemas';
import { refuseDiscount } from '../discount.ts';
import type { NewAdvanceDiscount, NewUseCharge, PlanColumns } from './plan-store.ts';
import { defaultTerms, type PlanTerms, refuseQuantities } from './plan-terms.ts';
import type { PlanInput } from './schemas.ts';

/**
 * Checks the rules that the schema of a plan cannot express. `unit` is the currency of the plan after the change,
 * `held` are the terms that the input does not set.
 * @throws invalid_input (400) naming each invalid field
 */
export function requireValidPlan(input: PlanInput, unit: string, held: PlanTerms = defaultTerms): void {
  const { quantity_min = held.quantity_min, quantity_max = held.quantity_max } = input;
  const quantities = refuseQuantities({ quantity_min, quantity_max });
  const errors: Record<string, string[]> = quantities === null ? {} : { quantity_max: [quantities] };
  if (input.title?.trim() === '') errors['title'] = ['This field may not be blank.'];
  if (input.unit !== undefined && !isCurrency(input.unit.toLowerCase())) {
    errors['unit'] = ['This is not the code of a currency that prices can be set in.'];
  }
  for (const [index, discount] of (input.advance_discounts ?? []).entries()) {
    const refusal = refuseDiscount({ ...discount, discount_value: discount.discount_value ?? 0 }, 0);
    if (refusal !== null) errors[`advance_discounts.${index}.discount_value`] = [refusal];
  }
  const slugs = new Set<string>();
  for (const [index, use] of (input.use_charges ?? []).entries()) {
    if (slugs.has(use.slug)) errors[`use_charges.${index}.slug`] = ['Each use charge of a plan has its own slug.'];
    slugs.add(use.slug);
    const limit = use.maximum_limit ?? 0;
    if (limit !== 0 && limit <= (use.quota ?? 0)) {
      errors[`use_charges.${index}.maximum_limit`] = ['Maximum limit must be greater than the quota.'];
    }
  }
  for (const [field, amount] of collectAmounts(input)) {
    if (amount % chargeStep(unit) === 0) continue;
    (errors[field] ??= []).push(`A price in ${unit} is a whole number of units, in 1/100: a multiple of 100.`);
  }
  if (Object.keys(errors).length > 0) throw invalidInput(errors);
}

/** Returns the amounts of an input with the names of their fields. */
function collectAmounts({
  period_amount = 0,
  setup_amount = 0,
  ...input
}: PlanInput): [field: string, amount: number][] {
  const discounts = (input.advance_discounts ?? []).map(({ discount_type, discount_value = 0 }, index) => {
    const amount = discount_type === 'currency' ? discount_value : 0;
    return [`advance_discounts.${index}.discount_value`, amount] as [string, number];
  });
  const uses = (input.use_charges ?? []).map(
    ({ use_amount = 0 }, index) => [`use_charges.${index}.use_amount`, use_amount] as [string, number],
  );
  return [['period_amount', period_amount], ['setup_amount', setup_amount], ...discounts, ...uses];
}

/** Fields that are copied from an input to the plan. A body may have other members, such as `profile_id`; ignored. */
const copied = [
  'description',
  'is_active',
  'is_not_priced',
  'is_personal',
  'setup_amount',
  'period_amount',
  'period_type',
  'period_length',
  'broker_fee_percent',
  'renewal_type',
  'skip_optin_on_grant',
  'optin_on_request',
  'unlock_event',
  'tier',
  'pause_days_max',
  'trial_days',
  'trial_requires_card',
  'quantity_min',
  'quantity_max',
  'counts_people',
  'cancel_refund',
  'money_back_days',
] as const satisfies readonly (keyof PlanInput)[];

/** Returns the columns that an input sets; omitted fields keep their values. */
export function pickPlanColumns(input: PlanInput): PlanColumns {
  const { extra } = input;
  const columns: PlanColumns = Object.fromEntries(
    copied.flatMap((name) => (input[name] === undefined ? [] : [[name, input[name]]])),
  );
  const { upgrade: upgrade_mode, downgrade: downgrade_mode, crossgrade: crossgrade_mode } = input.change_modes ?? {};
  return {
    ...columns,
    ...(upgrade_mode === undefined ? {} : { upgrade_mode }),
    ...(downgrade_mode === undefined ? {} : { downgrade_mode }),
    ...(crossgrade_mode === undefined ? {} : { crossgrade_mode }),
    ...(input.title === undefined ? {} : { title: input.title.trim() }),
    ...(input.unit === undefined ? {} : { unit: input.unit.toLowerCase() }),
    ...(extra === undefined ? {} : { extra: extraToText(extra) }),
    ...(input.unlock_event === '' ? { unlock_event: null } : {}),
  };
}

/** Returns the advance discounts of an input as rows; undefined when the input omits them. */
export function advanceDiscounts(input: PlanInput): NewAdvanceDiscount[] | undefined {
  return input.advance_discounts?.map(({ discount_type, discount_value = 0, length = 1 }) => ({
    discount_type,
    discount_value,
    length,
  }));
}

/** Returns the use charges of an input as rows; undefined when the input omits them. */
export function useCharges(input: PlanInput, at: Date): NewUseCharge[] | undefined {
  return input.use_charges?.map((use) => ({
    slug: use.slug,
    title: use.title ?? use.slug,
    description: use.description ?? '',
    use_amount: use.use_amount ?? 0,
    quota: use.quota ?? 0,
    maximum_limit: use.maximum_limit ?? null,
    extra: extraToText(use.extra),
    created_at: at,
  }));
}
