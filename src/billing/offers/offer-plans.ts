import { type Coupon, findCouponsByCodes, type Plan, type PlanOffer, priceOptions, refuseCoupon } from '#catalog';
import type { Context } from '#platform/context';
import { type CartFacts, loadCartFacts } from './cart-facts.ts';

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
export async function offerPlans(ctx: Context, plans: readonly Plan[]): Promise<Offers> {
  const at = ctx.clock.now();
  const cart = await loadCartFacts(ctx.db, ctx.actor);
  const providers = plans.map(({ profile_id }) => profile_id);
  const coupons = await findCouponsByCodes(ctx.db, providers, cart.coupon_codes);
  return { offers: plans.map((plan) => offerPlan(plan, cart, coupons, at)), cart_count: cart.plan_ids.size };
}

function offerPlan(plan: Plan, cart: CartFacts, coupons: readonly Coupon[], at: Date): CouponOffer {
  const coupon = coupons.find((candidate) => refuseCoupon(candidate, plan, at) === null) ?? null;
  const [option] = priceOptions(plan, { coupon, from: at });
  return {
    plan,
    discounted_period_amount: option?.amount ?? plan.period_amount,
    is_cart_item: cart.plan_ids.has(plan.id),
    coupon,
  };
}
