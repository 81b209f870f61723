import type { CouponId, PlanId, ProfileId } from '#platform/db/db-schema';
import type { Discount } from '../discount.ts';

/** Days after which a coupon ends when its maker says nothing. */
export const COUPON_DAYS = 30;

/** How the codes begin that a group buyer's order makes for the people it was bought for. */
export const GROUP_BUY_PREFIX = 'cpn_';

/** A code that lowers prices of one provider. `profile_id` is the provider. */
export interface Coupon extends Discount {
  id: CouponId;
  profile_id: ProfileId;
  /** The only plan it is for, or null for all of the provider's. */
  plan_id: PlanId | null;
  code: string;
  description: string | null;
  /** How often it can still be used; null means without limit. */
  nb_attempts: number | null;
  /** Exclusive; null means never. */
  ends_at: Date | null;
  extra: string | null;
  created_at: Date;
}

export type CouponRefusal = 'coupon_expired' | 'coupon_exhausted' | 'coupon_not_for_plan';

/**
 * Says why a coupon does not apply to a plan at an instant, or null when it does.
 *
 * Pure: the caller brings the time, and holds the row lock where it matters.
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

/** Says whether a group buyer's order made this coupon. */
export function isGroupBuy(coupon: Pick<Coupon, 'code'>): boolean {
  return coupon.code.toLowerCase().startsWith(GROUP_BUY_PREFIX);
}
