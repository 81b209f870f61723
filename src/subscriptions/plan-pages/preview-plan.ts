import { defaultTerms, type Plan, type PlanInput } from '#catalog';
import type { EffectLine } from '#platform/pages/details/effect';
import type { Profile } from '#profiles';

/** Returns the plan as it would be with the changes of a form. */
export function previewOf(plan: Plan | null, input: PlanInput | undefined, provider: Profile): Plan {
  const { extra: _extra, advance_discounts = [], use_charges = [], change_modes, ...fields } = input ?? {};
  const base = plan ?? blankPlan(provider);
  if (input === undefined) return base;
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  return {
    ...base,
    ...given,
    upgrade_mode: change_modes?.upgrade ?? base.upgrade_mode,
    downgrade_mode: change_modes?.downgrade ?? base.downgrade_mode,
    crossgrade_mode: change_modes?.crossgrade ?? base.crossgrade_mode,
    advance_discounts: advance_discounts.map((discount, id) => {
      return { id: id as never, length: 1, discount_value: 0, ...discount }; // a row without an id of its own
    }),
    use_charges: use_charges.map((use, id) => ({
      id: id as never, // as above
      plan_id: base.id,
      created_at: base.created_at,
      extra: null,
      slug: use.slug,
      title: use.title ?? use.slug,
      description: use.description ?? '',
      use_amount: use.use_amount ?? 0,
      quota: use.quota ?? 0,
      maximum_limit: use.maximum_limit ?? null,
    })),
  };
}

function blankPlan(provider: Profile): Plan {
  return {
    id: 0 as never, // a plan that is not saved
    profile_id: provider.id,
    slug: 'new',
    title: '',
    description: '',
    is_active: false,
    is_not_priced: false,
    is_personal: false,
    unit: 'usd',
    setup_amount: 0,
    period_amount: 0,
    period_type: 'monthly',
    period_length: 1,
    broker_fee_percent: 0,
    renewal_type: 'repeat',
    skip_optin_on_grant: false,
    optin_on_request: false,
    unlock_event: null,
    extra: null,
    created_at: provider.created_at,
    first_subscribed_at: null,
    ...defaultTerms,
    advance_discounts: [],
    use_charges: [],
  };
}

/** Says who pays what. Running subscriptions keep what was paid for: only later orders have the new price. */
export function effectOf(next: Plan, plan: Plan | null, subscribers_count: number): EffectLine[] {
  const price = { money: { amount: next.period_amount, unit: next.unit } };
  const is_other = plan !== null && (plan.period_amount !== next.period_amount || plan.unit !== next.unit);
  const was = is_other ? { was: { money: { amount: plan.period_amount, unit: plan.unit } } } : {};
  const buyers: EffectLine = next.is_active
    ? { label: 'New buyers', hint: 'from now on', ...price, ...was }
    : { label: 'New buyers', hint: 'not on sale', value: 'None', ...was };
  if (subscribers_count === 0) return [buyers];
  const label = subscribers_count === 1 ? '1 subscription' : `${subscribers_count} subscriptions`;
  const hint = 'keep what was paid for; the price counts for the next order';
  return [buyers, { label, hint, ...price, ...was }];
}
