import { addPeriods } from '#kernel/period';
import type { Context } from '#platform/context';
import { inTransaction, isUniqueViolation } from '#platform/db/database';
import type { ProfileId } from '#platform/db/db-schema';
import { requireQuota } from '#platform/security/quota';
import {
  requireCouponDiscount,
  codeTakenProblem,
  parseCouponCode,
  parseEndsAt,
  findCouponPlan,
} from './coupon-input.ts';
import { countCoupons, insertCoupon } from './coupon-store.ts';
import { COUPON_DAYS, type Coupon } from './coupon.ts';
import type { Discount } from '../discount.ts';
import { couponsQuota } from '../quotas.ts';
import type { CouponInput } from './schemas.ts';

export type NewCouponInput = CouponInput & Discount & { code: string };

/**
 * Creates a coupon of a provider. Without `ends_at` it ends after 30 days; null means never.
 * @throws invalid_input (400) · quota_exceeded (409)
 */
export async function createCoupon(
  ctx: Context,
  provider: { id: ProfileId; timezone: string },
  input: NewCouponInput,
): Promise<Coupon> {
  requireCouponDiscount(input);
  const code = parseCouponCode(input.code);
  const at = ctx.clock.now();
  const ends_at = parseEndsAt(input, provider.timezone);
  try {
    return await inTransaction(ctx.db, async (tx) => {
      requireQuota(couponsQuota, await countCoupons(tx, provider.id));
      return insertCoupon(tx, {
        profile_id: provider.id,
        plan_id: (await findCouponPlan(tx, provider.id, input)) ?? null,
        code,
        discount_type: input.discount_type,
        discount_value: input.discount_value,
        description: input.description ?? null,
        nb_attempts: input.nb_attempts ?? null,
        ends_at: ends_at === undefined ? addPeriods(at, COUPON_DAYS, 'daily') : ends_at,
        created_at: at,
      });
    });
  } catch (error) {
    if (isUniqueViolation(error, 'coupons_code')) throw codeTakenProblem();
    throw error;
  }
}
