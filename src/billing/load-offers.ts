import { findCouponsByIds, findPlansByIds } from '#catalog';
import type { Reader } from '#platform/db';
import type { CartItem } from './cart-item.ts';
import { couponOf, type ItemOffer, offerItem } from './item-offer.ts';

/** Loads the offers of cart items, in the order of the items; items of withdrawn plans are left out. */
export async function loadOffers(reader: Reader, items: readonly CartItem[], at: Date): Promise<ItemOffer[]> {
  const plans = await findPlansByIds(
    reader,
    items.map((item) => item.plan_id),
  );
  const coupons = await findCouponsByIds(
    reader,
    items.flatMap((item) => item.coupon_id ?? []),
  );
  return items.flatMap((item) => {
    const plan = plans.get(item.plan_id);
    if (!plan?.is_active || plan.is_not_priced) return [];
    return [offerItem(item, plan, couponOf(item, plan, coupons, at), at)];
  });
}
