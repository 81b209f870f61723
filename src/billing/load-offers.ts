import { findCouponsByIds, findPlansByIds } from '#catalog';
import type { CartItemId } from '#platform/db-schema';
import type { Reader } from '#platform/db';
import type { CartItem } from './cart-item.ts';
import { findClaimLines } from './claims/claim-store.ts';
import { couponOf, type ItemOffer, offerItem } from './item-offer.ts';
import type { OrderLine } from './order.ts';

/** Loads the paid order lines of claimed seats, by cart item. */
export async function loadPrepaid(reader: Reader, items: readonly CartItem[]): Promise<Map<CartItemId, OrderLine[]>> {
  const claimed = items.filter(({ claim_id }) => claim_id !== null);
  const lines = await findClaimLines(
    reader,
    claimed.flatMap(({ claim_id }) => claim_id ?? []),
  );
  const isOf = (item: CartItem) => (line: OrderLine) =>
    line.claim_id === item.claim_id && line.plan_id === item.plan_id;
  return new Map(claimed.map((item) => [item.id, lines.filter(isOf(item))]));
}

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
  const prepaid = await loadPrepaid(reader, items);
  return items.flatMap((item) => {
    const plan = plans.get(item.plan_id);
    const paid = prepaid.get(item.id);
    if (plan && paid) return [offerItem(item, plan, null, at, paid)];
    if (!plan?.is_active || plan.is_not_priced) return [];
    return [offerItem(item, plan, couponOf(item, plan, coupons, at), at)];
  });
}
