import { type Coupon, findOfferedCoupons, type Plan, type PlanOffer, priceOptions, refuseCoupon } from '#catalog';
import type { Reader } from '#platform/db/database';
import { mergeReads } from '#platform/db/merge-reads';
import { findOpenTrials } from '../quotes/index.ts';
import type { CartOwner } from '../records/index.ts';
import type { CartFacts } from './cart-facts.ts';

/** A plan offered to a caller. `coupon` is the one that lowers its price, or null. */
export interface CouponOffer extends PlanOffer {
  coupon: Coupon | null;
}

/** Offers of plans to the caller, in the order of `plans`, with the number of plans in the cart. */
export interface Offers {
  offers: CouponOffer[];
  cart_count: number;
}

/** Offers plans to the caller: marks those in the cart and applies the first coupon that is valid for each. */
export async function offerPlans(
  reader: Reader,
  plans: readonly Plan[],
  { cart, owner, at }: { cart: CartFacts; owner: CartOwner | null; at: Date },
): Promise<Offers> {
  const providers = plans.map(({ profile_id }) => profile_id);
  const [coupons, trials] = await mergeReads(reader, [
    (together) => findOfferedCoupons(together, providers, cart.coupons),
    (together) => findOpenTrials(together, owner, plans),
  ]);
  const offers = plans.map((plan) => ({
    ...offerPlan(plan, cart, coupons, at),
    trial_available: trials.has(plan.id),
  }));
  return { offers, cart_count: cart.plan_ids.size };
}

function offerPlan(
  plan: Plan,
  cart: CartFacts,
  coupons: readonly Coupon[],
  at: Date,
): Omit<CouponOffer, 'trial_available'> {
  const coupon = coupons.find((candidate) => refuseCoupon(candidate, plan, at) === null) ?? null;
  const [option] = priceOptions(plan, { coupon, from: at });
  return {
    plan,
    discounted_period_amount: option?.amount ?? plan.period_amount,
    is_cart_item: cart.plan_ids.has(plan.id),
    coupon,
  };
}
