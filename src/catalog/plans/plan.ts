import { type Money, wholeAmount } from '#kernel/money';
import type { PeriodType } from '#kernel/period';
import { normalizeCode } from '#kernel/text';
import type { AdvanceDiscountId, PlanId, ProfileId, UseChargeId } from '#platform/db/db-schema';
import type { Discount } from '../discount.ts';
import type { PlanTerms } from './plan-terms.ts';

export const renewalTypes = ['one-time', 'auto-renew', 'repeat'] as const;
export type RenewalType = (typeof renewalTypes)[number];

/** A discount on `length` plan periods paid in advance. */
export interface AdvanceDiscount extends Discount {
  id: AdvanceDiscountId;
  length: number;
}

/** A price per use in addition to the price per period; `quota` uses of each plan period are free. */
export interface UseCharge {
  id: UseChargeId;
  plan_id: PlanId;
  slug: string;
  title: string;
  description: string;
  /** In 1/100 of the plan's unit. */
  use_amount: number;
  quota: number;
  /** Number of uses in one plan period at which `use_charge_limit_crossed` is emitted; null or 0 for never. */
  maximum_limit: number | null;
  extra: string | null;
  created_at: Date;
}

/** A plan of a provider. `profile_id` is the provider. */
export interface Plan extends PlanTerms {
  id: PlanId;
  profile_id: ProfileId;
  slug: string;
  title: string;
  description: string;
  is_active: boolean;
  is_not_priced: boolean;
  is_personal: boolean;
  unit: string;
  setup_amount: number;
  /** Price of one plan period: `period_length` natural periods of `period_type`. */
  period_amount: number;
  period_type: PeriodType;
  period_length: number;
  /** Share of the broker in each sale, in basis points. */
  broker_fee_percent: number;
  renewal_type: RenewalType;
  skip_optin_on_grant: boolean;
  optin_on_request: boolean;
  unlock_event: string | null;
  extra: string | null;
  created_at: Date;
  /** Beginning of the first subscription to the plan; null if it never had one. */
  first_subscribed_at: Date | null;
  /** By increasing length. */
  advance_discounts: AdvanceDiscount[];
  use_charges: UseCharge[];
}

/** The fields of a plan that other rooms show. */
export interface PlanSummary {
  slug: string;
  title: string;
}

export function planSummary(plan: PlanSummary): PlanSummary {
  return { slug: plan.slug, title: plan.title };
}

/** Finds a use charge by its slug, which is unique within the plan; ignores case and blanks. */
export function findUseCharge(plan: Plan, typed: string): UseCharge | undefined {
  const slug = normalizeCode(typed);
  return plan.use_charges.find((use) => use.slug === slug);
}

/** Returns the one-time fee of a new subscription, or null. */
export function setupFee(plan: Plan): (Money & { description: string }) | null {
  if (plan.setup_amount === 0) return null;
  return {
    amount: wholeAmount({ amount: plan.setup_amount, unit: plan.unit }),
    unit: plan.unit,
    description: `Setup fee for ${plan.slug}`,
  };
}

/** Prices `quantity` uses, at least one. */
export function priceUses(
  plan: Plan,
  use: UseCharge,
  quantity: number,
): Money & { quantity: number; description: string } {
  const counted = Math.max(1, quantity);
  return {
    amount: wholeAmount({ amount: use.use_amount * counted, unit: plan.unit }),
    unit: plan.unit,
    quantity: counted,
    description: `Buy ${counted} ${plan.slug} ${use.title}`,
  };
}
