import { findCouponsByIds } from '#catalog';
import { equalsCi, normalizeCode } from '#kernel/text';
import type { Context } from '#platform/context';
import { inTransaction } from '#platform/db/database';
import {
  type CartOwner,
  lockCartItems,
  updateItemCoupons,
  findRememberedCoupon,
  deleteRememberedCoupon,
} from '../records/index.ts';
import { type ItemOffer, showCartItems } from '../quotes/index.ts';

/**
 * Removes the coupons of a cart and the remembered code: all of them, or those with the typed code.
 * Returns the removed codes and all items of the cart with their new prices.
 */
export async function removeCoupon(
  ctx: Context,
  owner: CartOwner,
  typed?: string,
): Promise<{ codes: string[]; offers: ItemOffer[] }> {
  const code = typed === undefined ? null : normalizeCode(typed);
  const isWanted = (held: string) => code === null || equalsCi(held, code);
  return inTransaction(ctx.db, async (tx) => {
    const items = await lockCartItems(tx, owner);
    const coupons = await findCouponsByIds(
      tx,
      items.flatMap(({ coupon_id }) => coupon_id ?? []),
    );
    const removed = [...coupons.values()].filter((coupon) => isWanted(coupon.code));
    const ids = new Set(removed.map(({ id }) => id));
    await updateItemCoupons(
      tx,
      items
        .filter(({ coupon_id }) => coupon_id !== null && ids.has(coupon_id))
        .map(({ id }) => ({ id, coupon_id: null })),
    );
    const remembered = await findRememberedCoupon(tx, owner);
    if (remembered !== null && isWanted(remembered)) await deleteRememberedCoupon(tx, owner);
    const codes = new Set(removed.map((coupon) => coupon.code.toUpperCase()));
    const also = remembered !== null && isWanted(remembered) && !codes.has(remembered.toUpperCase());
    return {
      codes: [...removed.map((coupon) => coupon.code), ...(also ? [remembered] : [])],
      offers: await showCartItems(tx, owner, ctx.clock.now()),
    };
  });
}
