import type { Context } from '#platform/context';
import { inTransaction, type Reader } from '#platform/db/database';
import type { CouponId } from '#platform/db/db-schema';
import { deleteCouponRow, updateCouponRow } from './coupon-store.ts';
import { getLockedCoupon, type CouponTarget } from './update-coupon.ts';

export interface CouponFacts {
  /** Says whether an order or a recorded cart item carries the coupon. */
  isCouponUsed(reader: Reader, coupon_id: CouponId): Promise<boolean>;
}

/**
 * Deletes a coupon that was never used; a used one ends now and stays for the figures.
 * @throws coupon_unknown (404)
 */
export async function deleteCoupon(ctx: Context, facts: CouponFacts, target: CouponTarget): Promise<void> {
  const at = ctx.clock.now();
  await inTransaction(ctx.db, async (tx) => {
    const coupon = await getLockedCoupon(tx, target);
    if (!(await facts.isCouponUsed(tx, coupon.id))) return deleteCouponRow(tx, coupon.id);
    if (coupon.ends_at === null || coupon.ends_at > at) await updateCouponRow(tx, coupon.id, { ends_at: at });
  });
}
