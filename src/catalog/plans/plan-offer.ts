import type { Plan } from './plan.ts';

/** A plan as offered to one caller. */
export interface PlanOffer {
  plan: Plan;
  /** Amount of the first plan period after the caller's coupon, in 1/100 of the unit. */
  discounted_period_amount: number;
  is_cart_item: boolean;
}

/** Returns the offer of a plan to a caller without a cart. */
export function makePlainOffer(plan: Plan): PlanOffer {
  return { plan, discounted_period_amount: plan.period_amount, is_cart_item: false };
}
