// Coupons and their redemptions.
export { isGroupBuy, refuseCoupon, type Coupon, type CouponRefusal } from './coupon.ts';
export {
  comparedCode,
  countRedemptions,
  couponsById,
  findCoupon,
  findCouponsByCode,
  findCouponsByCodes,
  findOfferedCoupons,
  findCouponsByIds,
  lockCoupons,
  releaseRedemption,
  selectCoupon,
} from './coupon-store.ts';
export { createCoupon } from './create-coupon.ts';
export { couponRoutes } from './routes.ts';
export { couponPage, couponsPage } from './page-types.ts';
export { couponPages } from './pages.ts';
export { couponSwitchUndo } from './switch-coupon.ts';
