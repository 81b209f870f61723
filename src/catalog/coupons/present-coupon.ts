import type { Reader } from '#platform/db/database';
import type { Coupon } from './coupon.ts';
import { findPlansByIds, planSummary, type Plan } from '../plans/index.ts';
import type { CouponReply } from './schemas.ts';

/** Presents coupons with the plans that they are limited to, which are read in one query. */
export async function presentCoupons(reader: Reader, coupons: readonly Coupon[]): Promise<CouponReply[]> {
  const plans = await findPlansByIds(
    reader,
    coupons.flatMap(({ plan_id }) => plan_id ?? []),
  );
  return coupons.map((coupon) =>
    presentCouponWithPlan(coupon, coupon.plan_id === null ? undefined : plans.get(coupon.plan_id)),
  );
}

export async function presentCoupon(reader: Reader, coupon: Coupon): Promise<CouponReply> {
  const plans = await findPlansByIds(reader, coupon.plan_id === null ? [] : [coupon.plan_id]);
  return presentCouponWithPlan(coupon, [...plans.values()][0]);
}

/** Presents a coupon with the plan that it is limited to. */
export function presentCouponWithPlan(coupon: Coupon, plan: Plan | undefined): CouponReply {
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
