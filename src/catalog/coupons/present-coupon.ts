import type { Reader } from '#platform/db/database';
import type { PlanId } from '#platform/db/db-schema';
import type { Coupon } from './coupon.ts';
import { findPlansByIds, planSummary, type Plan } from '../plans/index.ts';
import type { CouponReply } from './schemas.ts';

/** Presents coupons with the plans that they are limited to, which are read in one query. */
export async function presentCoupons(reader: Reader, coupons: readonly Coupon[]): Promise<CouponReply[]> {
  const plans = await findPlansByIds(
    reader,
    coupons.flatMap(({ plan_id }) => plan_id ?? []),
  );
  return coupons.map((coupon) => presentOne(coupon, plans));
}

export async function presentCoupon(reader: Reader, coupon: Coupon): Promise<CouponReply> {
  return presentOne(coupon, await findPlansByIds(reader, coupon.plan_id === null ? [] : [coupon.plan_id]));
}

function presentOne(coupon: Coupon, plans: ReadonlyMap<PlanId, Plan>): CouponReply {
  const plan = coupon.plan_id === null ? undefined : plans.get(coupon.plan_id);
  return {
    code: coupon.code,
    discount_type: coupon.discount_type,
    discount_value: coupon.discount_value,
    created_at: coupon.created_at.toISOString(),
    ends_at: coupon.ends_at?.toISOString() ?? null,
    description: coupon.description,
    nb_attempts: coupon.nb_attempts,
    plan: plan ? planSummary(plan) : null,
  };
}
