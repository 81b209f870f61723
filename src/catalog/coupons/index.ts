// Coupons and their redemptions.
export { isGroupBuy, refuseCoupon, type Coupon, type CouponRefusal } from './coupon.ts';
export {
  countRedemption,
  findCouponsByCode,
  findCouponsByCodes,
  findCouponsByIds,
  lockCoupons,
  returnRedemption,
} from './coupon-store.ts';
export { createCoupon } from './create-coupon.ts';
export { couponRoutes } from './routes.ts';
