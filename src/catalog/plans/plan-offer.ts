import type { Plan } from './plan.ts';

/** A plan as offered to one caller. */
export interface PlanOffer {
  plan: Plan;
  /** Amount of the first plan period after the caller's coupon, in 1/100 of the unit. */
  discounted_period_amount: number;
  is_cart_item: boolean;
  /** True if the plan begins with a trial for the caller. */
  trial_available: boolean;
}

/** Returns the offer of a plan to a caller without a cart. */
export function makePlainOffer(plan: Plan): PlanOffer {
  return {
    plan,
    discounted_period_amount: plan.period_amount,
    is_cart_item: false,
    trial_available: offersTrial(plan),
  };
}

/** True if a first subscription to the plan begins with a trial. Pure. */
export function offersTrial({ trial_days, is_not_priced, unlock_event }: Plan): boolean {
  // A plan with an unlock event is entered free, not by a trial.
  return trial_days > 0 && !is_not_priced && (unlock_event === null || unlock_event === '');
}
