import type { CouponId, PlanId, ProfileId } from '#platform/db/db-schema';
import type { Discount } from '../discount.ts';

/** Lifetime of a coupon that is created without `ends_at`, in days. */
export const COUPON_DAYS = 30;

/** Prefix of the codes that the order of a group buyer creates for its beneficiaries. */
export const GROUP_BUY_PREFIX = 'cpn_';

/** A code that lowers the prices of one provider. `profile_id` is the provider. */
export interface Coupon extends Discount {
  id: CouponId;
  profile_id: ProfileId;
  /** The only plan that it applies to; null for all plans of the provider. */
  plan_id: PlanId | null;
  code: string;
  description: string | null;
  /** Redemptions left; null means no limit. */
  nb_attempts: number | null;
  /** Exclusive; null means never. */
  ends_at: Date | null;
  extra: string | null;
  created_at: Date;
}

export type CouponRefusal = 'coupon_expired' | 'coupon_exhausted' | 'coupon_not_for_plan';

/**
 * Returns the reason why a coupon does not apply to a plan at `at`, or null.
 *
 * Pure: the caller passes the time, and locks the coupon if it is redeemed.
 */
export function refuseCoupon(
  coupon: Coupon,
  plan: { id: number; profile_id: ProfileId },
  at: Date,
): CouponRefusal | null {
  if (coupon.profile_id !== plan.profile_id) return 'coupon_not_for_plan';
  if (coupon.plan_id !== null && coupon.plan_id !== plan.id) return 'coupon_not_for_plan';
  if (coupon.ends_at !== null && at >= coupon.ends_at) return 'coupon_expired';
  if (coupon.nb_attempts !== null && coupon.nb_attempts <= 0) return 'coupon_exhausted';
  return null;
}

/** Returns whether a coupon works at `at`, has ended, or has no redemption left. */
export function couponState({ ends_at, nb_attempts }: Coupon, at: Date): 'active' | 'ended' | 'used_up' {
  if (ends_at !== null && at >= ends_at) return 'ended';
  return nb_attempts !== null && nb_attempts <= 0 ? 'used_up' : 'active';
}

/** True if the order of a group buyer created this coupon. */
export function isGroupBuy(coupon: Pick<Coupon, 'code'>): boolean {
  return coupon.code.toLowerCase().startsWith(GROUP_BUY_PREFIX);
}
