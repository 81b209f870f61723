// What is sold and at which price: plans, use charges, coupons, and what a line of each costs.
export { isGroupBuy, refuseCoupon, type Coupon, type CouponRefusal } from './coupon.ts';
export {
  countRedemption,
  findCouponsByCode,
  findCouponsByCodes,
  findCouponsByIds,
  insertCoupon,
  lockCoupons,
  type NewCoupon,
  returnRedemption,
} from './coupon-store.ts';
export { createCoupon } from './create-coupon.ts';
export { createPlan } from './create-plan.ts';
export type { PlanEventPayload } from './events.ts';
export {
  findUseCharge,
  planSummary,
  priceUses,
  setupFee,
  type AdvanceDiscount,
  type Plan,
  type PlanSummary,
  type UseCharge,
} from './plan.ts';
export type { PlanOffer } from './plan-offer.ts';
export {
  deactivatePlansOf,
  findPlanBySlug,
  findPlanOf,
  findPlansByIds,
  findPlansBySlugs,
  listPlans,
  planIdsOf,
  planRows,
} from './plan-store.ts';
export {
  chooseOption,
  describeOption,
  priceOptions,
  type LineNames,
  type PriceOption,
  type PriceTerms,
} from './price-options.ts';
export { presentPlans } from './present-plan.ts';
export { catalogRoutes, type CatalogNeeds } from './routes.ts';
export { PlanPage, PlanSummarySchema } from './schemas.ts';
export { updatePlan } from './update-plan.ts';
