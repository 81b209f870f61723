import type { Context } from '#platform/context';
import { inTransaction, isForeignKeyViolation } from '#platform/db/database';
import { deleteCouponRow, updateCouponRow } from './coupon-store.ts';
import { getLockedCoupon, type CouponTarget } from './update-coupon.ts';

/** Foreign keys that refuse to delete a coupon to which an order line or an ordered cart item refers. */
const uses = ['order_lines_coupon_id_fkey', 'cart_items_recorded_coupon'];

/**
 * Deletes a coupon that was never used. Ends a used coupon now instead, because reports count its redemptions.
 * @throws coupon_unknown (404)
 */
export async function deleteCoupon(ctx: Context, target: CouponTarget): Promise<void> {
  try {
    await inTransaction(ctx.db, async (tx) => deleteCouponRow(tx, (await getLockedCoupon(tx, target)).id));
  } catch (error) {
    if (!uses.some((constraint) => isForeignKeyViolation(error, constraint))) throw error;
    await endCoupon(ctx, target);
  }
}

async function endCoupon(ctx: Context, target: CouponTarget): Promise<void> {
  const at = ctx.clock.now();
  await inTransaction(ctx.db, async (tx) => {
    const coupon = await getLockedCoupon(tx, target);
    if (coupon.ends_at === null || coupon.ends_at > at) await updateCouponRow(tx, coupon.id, { ends_at: at });
  });
}
