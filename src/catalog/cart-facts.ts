import type { Actor } from '#platform/context';
import type { Reader } from '#platform/db/database';
import type { PlanId } from '#platform/db/db-schema';
import { findCouponsByCodes } from './coupon-store.ts';
import { refuseCoupon, type Coupon } from './coupon.ts';
import type { Plan } from './plan.ts';
import { priceOptions } from './price-options.ts';

/** What the caller put in the cart, told from outside: this room knows no carts. */
export interface CartFacts {
  plan_ids: ReadonlySet<PlanId>;
  /** Codes typed and not used yet. */
  coupon_codes: readonly string[];
}

export type FindCart = (reader: Reader, actor: Actor) => Promise<CartFacts>;

/** How a plan stands to the caller's cart. */
export interface PlanOffer {
  plan: Plan;
  discounted_period_amount: number;
  is_cart_item: boolean;
  coupon: Coupon | null;
}

/** Puts plans next to a cart: which of them are in it, and what its coupons make of their price at an instant. */
export async function offerPlans(
  reader: Reader,
  plans: readonly Plan[],
  cart: CartFacts,
  at: Date,
): Promise<PlanOffer[]> {
  const providers = plans.map(({ profile_id }) => profile_id);
  const coupons = await findCouponsByCodes(reader, providers, cart.coupon_codes);
  return plans.map((plan) => {
    const coupon = coupons.find((candidate) => refuseCoupon(candidate, plan, at) === null) ?? null;
    const [option] = priceOptions(plan, { coupon, from: at });
    return {
      plan,
      discounted_period_amount: option?.amount ?? plan.period_amount,
      is_cart_item: cart.plan_ids.has(plan.id),
      coupon,
    };
  });
}

/** The same plans for somebody without a cart. */
export function plainOffer(plan: Plan): PlanOffer {
  return { plan, discounted_period_amount: plan.period_amount, is_cart_item: false, coupon: null };
}
