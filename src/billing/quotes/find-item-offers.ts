import { findCouponsByIds, findPlansByIds } from '#catalog';
import type { CartItemId } from '#platform/db/db-schema';
import type { Reader } from '#platform/db/database';
import type { CartItem, CartOwner, OrderLine } from '../records/index.ts';
import { openSeats, findClaimLines, findPaidSeats } from '../claims/index.ts';
import { findOpenTrials } from './find-open-trials.ts';
import { resolveCoupon, type ItemOffer, offerItem } from './item-offer.ts';

/**
 * Loads the paid order lines of claimed seats, by cart item. Excludes seats whose payment was refunded or disputed
 * since they were claimed.
 */
export async function findPrepaidLines(
  reader: Reader,
  items: readonly CartItem[],
): Promise<Map<CartItemId, OrderLine[]>> {
  const claimed = items.filter(({ claim_id }) => claim_id !== null);
  const lines = await findClaimLines(
    reader,
    claimed.flatMap(({ claim_id }) => claim_id ?? []),
  );
  const seats = await findPaidSeats(
    reader,
    claimed.flatMap(({ claim_id }) => claim_id ?? []),
  );
  // Only an unclaimed seat can be revoked.
  const isOpen = ({ claim_id, plan_id }: CartItem) =>
    claim_id !== null &&
    openSeats({ revoked_at: null }, seats.get(claim_id) ?? []).some((seat) => seat.plan_id === plan_id);
  const isOf = (item: CartItem) => (line: OrderLine) =>
    line.claim_id === item.claim_id && line.plan_id === item.plan_id;
  return new Map(claimed.filter(isOpen).map((item) => [item.id, lines.filter(isOf(item))]));
}

/**
 * Loads the offers of the items of a cart in the given order. Excludes items of withdrawn plans and seats that are no
 * longer paid.
 */
export async function findItemOffers(
  reader: Reader,
  owner: CartOwner,
  items: readonly CartItem[],
  at: Date,
): Promise<ItemOffer[]> {
  const plans = await findPlansByIds(
    reader,
    items.map((item) => item.plan_id),
  );
  const coupons = await findCouponsByIds(
    reader,
    items.flatMap((item) => item.coupon_id ?? []),
  );
  const prepaid = await findPrepaidLines(reader, items);
  const trials = await findOpenTrials(reader, owner, [...plans.values()]);
  return items.flatMap((item) => {
    const plan = plans.get(item.plan_id);
    const paid = prepaid.get(item.id);
    if (plan && paid) return [offerItem(item, plan, null, at, { prepaid: paid })];
    if (item.claim_id !== null || !plan?.is_active || plan.is_not_priced) return [];
    return [offerItem(item, plan, resolveCoupon(item, plan, coupons, at), at, { has_trial: trials.has(plan.id) })];
  });
}
