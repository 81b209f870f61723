// Coupons and their redemptions.
export { isGroupBuy, refuseCoupon, type Coupon, type CouponRefusal } from './coupon.ts';
export {
  countRedemptions,
  couponsById,
  findCouponsByCode,
  findCouponsByCodes,
  findOfferedCoupons,
  findCouponsByIds,
  lockCoupons,
  releaseRedemption,
} from './coupon-store.ts';
export { createCoupon } from './create-coupon.ts';
export { couponRoutes } from './routes.ts';
export { couponPage, couponsPage } from './page-types.ts';
export { couponPages } from './pages.ts';
export { couponSwitchUndo } from './switch-coupon.ts';
