import { type Coupon, findCouponsByCodes, findPlansByIds, refuseCoupon } from '#catalog';
import { normalizeCode } from '#kernel/text';
import type { CartItemId } from '#platform/db-schema';
import type { Context } from '#platform/context';
import { inTransaction, type Tx } from '#platform/db';
import type { CartOwner } from './cart-item.ts';
import { lockCartItems, rememberVisitorCoupon, setItemCoupons } from './cart-item-store.ts';
import { billingProblems } from './problems.ts';

/**
 * Attaches a coupon to every item of the cart that it lowers. A use is counted only when an order is made, not here.
 *
 * A visitor's code is remembered as well, for what is put into the cart before signing in.
 * @throws coupon_useless (400)
 * @see spec/billing.md 4.3
 */
export async function redeemCoupon(ctx: Context, owner: CartOwner, typed: string): Promise<void> {
  const code = normalizeCode(typed);
  await inTransaction(ctx.db, async (tx) => {
    const discounted = await applyCode(tx, owner, code, ctx.clock.now());
    if (discounted === 0)
      throw billingProblems.coupon_useless({ detail: `No items can be discounted using this coupon: ${code}.` });
    if ('visitor_hash' in owner) await rememberVisitorCoupon(tx, owner.visitor_hash, code, ctx.clock.now());
  });
}

/** Attaches the code where it applies; answers to how many items. */
export async function applyCode(tx: Tx, owner: CartOwner, code: string, at: Date): Promise<number> {
  const items = await lockCartItems(tx, owner);
  if (items.length === 0) return 0;
  const plans = await findPlansByIds(
    tx,
    items.map((item) => item.plan_id),
  );
  const providers = [...plans.values()].map((plan) => plan.profile_id);
  const coupons = await findCouponsByCodes(tx, providers, [code]);
  let discounted = 0;
  for (const coupon of coupons) {
    const ids = items.filter((item) => applies(coupon, plans.get(item.plan_id), at)).map((item): CartItemId => item.id);
    await setItemCoupons(tx, ids, coupon.id);
    discounted += ids.length;
  }
  return discounted;
}

function applies(coupon: Coupon, plan: Parameters<typeof refuseCoupon>[1] | undefined, at: Date): boolean {
  return plan !== undefined && refuseCoupon(coupon, plan, at) === null;
}
