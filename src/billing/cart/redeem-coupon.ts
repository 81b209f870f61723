import { type Coupon, findCouponsByCode, findCouponsByCodes, findPlansByIds, isGroupBuy, refuseCoupon } from '#catalog';
import { normalizeCode } from '#kernel/text';
import type { CartItemId } from '#platform/db/db-schema';
import type { Context } from '#platform/context';
import { inTransaction, type Tx } from '#platform/db/database';
import { paths } from '#platform/http/paths';
import { limitGuesses, networkOf } from '#platform/security/throttle';
import { type CartOwner, lockCartItems, updateItemCoupons, upsertRememberedCoupon } from '../records/index.ts';
import { type ItemOffer, showCartItems } from '../quotes/index.ts';
import { billingProblems } from '../problems.ts';
import { couponLimit, couponPeerLimit } from './rate-limits.ts';

export interface Redemption {
  code: string;
  /** Number of items that the coupon applies to; 0 if the code was only remembered. */
  items_count: number;
  /** All items of the cart with their new prices. */
  offers: ItemOffer[];
}

/**
 * Attaches a coupon to every item of the cart that it applies to. Its redemption is counted by the order, not here.
 * The code is remembered for plans that are added later; an empty cart accepts any valid code.
 * Codes that apply to nothing are rate-limited per cart and network.
 *
 * Locks: the items of the cart.
 * @throws coupon_useless (400) · too_many_requests (429)
 *
 * @see docs/spec/billing.md 4.2 and 4.3
 */
export async function redeemCoupon(ctx: Context, owner: CartOwner, typed: string): Promise<Redemption> {
  const code = normalizeCode(typed);
  const at = ctx.clock.now();
  const cart = 'user_id' in owner ? `user ${owner.user_id}` : `visitor ${owner.visitor_hash}`;
  const counts = [
    [couponLimit, cart],
    [couponPeerLimit, networkOf(ctx.peer?.ip)],
  ] as const;
  return limitGuesses(ctx.throttle, counts, billingProblems.coupon_useless.code, () =>
    applyAndShow(ctx, owner, code, at),
  );
}

async function applyAndShow(ctx: Context, owner: CartOwner, code: string, at: Date): Promise<Redemption> {
  return inTransaction(ctx.db, async (tx) => {
    const items = await lockCartItems(tx, owner);
    const items_count = await applyCode(tx, owner, code, at);
    if (items_count === 0 && (items.some(({ claim_id }) => claim_id === null) || !(await isRedeemable(tx, code, at)))) {
      throw billingProblems.coupon_useless({
        detail: `No items can be discounted using this coupon: ${code}.`,
        location: paths.pricing(),
      });
    }
    await upsertRememberedCoupon(tx, owner, code, at);
    return { code, items_count, offers: await showCartItems(tx, owner, at) };
  });
}

/**
 * Attaches a code to the items that it applies to and returns their number. With `added`, considers only those items,
 * and only if they have no coupon yet.
 */
export async function applyCode(
  tx: Tx,
  owner: CartOwner,
  code: string,
  at: Date,
  added?: ReadonlySet<CartItemId>,
): Promise<number> {
  const items = await lockCartItems(tx, owner);
  if (items.length === 0) return 0;
  const plans = await findPlansByIds(
    tx,
    items.map((item) => item.plan_id),
  );
  const providers = [...plans.values()].map((plan) => plan.profile_id);
  const coupons = await findCouponsByCodes(tx, providers, [code]);
  const changes = coupons.flatMap((coupon) =>
    items
      .filter((item) => item.claim_id === null)
      .filter((item) => added === undefined || (added.has(item.id) && item.coupon_id === null))
      .filter((item) => isApplicable(coupon, plans.get(item.plan_id), at))
      .map(({ id }) => ({ id, coupon_id: coupon.id })),
  );
  await updateItemCoupons(tx, changes);
  return changes.length;
}

/** Codes of group purchases are not discount codes: their seats are claimed. */
function isApplicable(coupon: Coupon, plan: Parameters<typeof refuseCoupon>[1] | undefined, at: Date): boolean {
  return plan !== undefined && !isGroupBuy(coupon) && refuseCoupon(coupon, plan, at) === null;
}

/** True if a coupon of any provider has the code and still applies to a plan of that provider. */
async function isRedeemable(tx: Tx, code: string, at: Date): Promise<boolean> {
  const coupons = await findCouponsByCode(tx, code);
  return coupons.some((coupon) => isApplicable(coupon, { id: coupon.plan_id ?? 0, profile_id: coupon.profile_id }, at));
}
