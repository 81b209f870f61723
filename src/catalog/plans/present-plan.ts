import { presentProfileSummary, findProfileSummaries, type ProfileSummary } from '#profiles';
import type { Reader } from '#platform/db/database';
import { extraFromText } from '#platform/http/schemas';
import { makePlainOffer, type PlanOffer } from './plan-offer.ts';
import type { PlanTerms } from './plan-terms.ts';
import type { Plan } from './plan.ts';
import type { PlanReply } from './schemas.ts';

/** Presents plans with their providers, which are read in one query. */
export async function presentPlans(reader: Reader, offers: readonly PlanOffer[]): Promise<PlanReply[]> {
  const providers = await findProfileSummaries(
    reader,
    offers.map(({ plan }) => plan.profile_id),
  );
  return offers.map((offer) => presentOffer(offer, providers.get(offer.plan.profile_id)));
}

/** Presents one plan as offered to a caller without a cart. */
export async function presentPlan(reader: Reader, plan: Plan): Promise<PlanReply> {
  const providers = await findProfileSummaries(reader, [plan.profile_id]);
  return presentOffer(makePlainOffer(plan), providers.get(plan.profile_id));
}

/** Presents a plan with its provider. */
export function presentOffer(offer: PlanOffer, provider: ProfileSummary | undefined): PlanReply {
  if (!provider) throw new Error(`plan ${offer.plan.id} has no provider`);
  const { plan, discounted_period_amount, is_cart_item, trial_available } = offer;
  return {
    slug: plan.slug,
    title: plan.title,
    description: plan.description,
    is_active: plan.is_active,
    setup_amount: plan.setup_amount,
    period_amount: plan.period_amount,
    period_type: plan.period_type,
    advance_discounts: plan.advance_discounts.map(({ discount_type, discount_value, length }) => ({
      discount_type,
      discount_value,
      length,
    })),
    use_charges: plan.use_charges.map((use) => ({
      slug: use.slug,
      title: use.title,
      description: use.description,
      created_at: use.created_at.toISOString(),
      use_amount: use.use_amount,
      quota: use.quota,
      maximum_limit: use.maximum_limit,
      extra: extraFromText(use.extra),
    })),
    unit: plan.unit,
    profile: presentProfileSummary(provider),
    extra: extraFromText(plan.extra),
    period_length: plan.period_length,
    renewal_type: plan.renewal_type,
    is_not_priced: plan.is_not_priced,
    unlock_event: plan.unlock_event,
    created_at: plan.created_at.toISOString(),
    skip_optin_on_grant: plan.skip_optin_on_grant,
    optin_on_request: plan.optin_on_request,
    ...presentTerms(plan),
    discounted_period_amount,
    is_cart_item,
    trial_available,
  };
}

/** Presents the terms of a plan for its running subscriptions. */
export function presentTerms({ upgrade_mode, downgrade_mode, crossgrade_mode, ...plan }: PlanTerms) {
  return {
    change_modes: { upgrade: upgrade_mode, downgrade: downgrade_mode, crossgrade: crossgrade_mode },
    tier: plan.tier,
    pause_days_max: plan.pause_days_max,
    trial_days: plan.trial_days,
    trial_requires_card: plan.trial_requires_card,
    quantity_min: plan.quantity_min,
    quantity_max: plan.quantity_max,
    counts_people: plan.counts_people,
    cancel_refund: plan.cancel_refund,
    money_back_days: plan.money_back_days,
  };
}
