// What is sold and at which price: plans, use charges, coupons, and what a line of each costs.
export { offerPlans, type CartFacts, type FindCart } from './cart-facts.ts';
export { GROUP_BUY_PREFIX, isGroupBuy, refuseCoupon, type Coupon, type CouponRefusal } from './coupon.ts';
export {
  countRedemption,
  findCoupon,
  findCouponsByCodes,
  findCouponsByIds,
  insertCoupon,
  lockCoupon,
  type NewCoupon,
  returnRedemption,
} from './coupon-store.ts';
export { createCoupon } from './create-coupon.ts';
export { createPlan } from './create-plan.ts';
export { planCreated, planUpdated, type PlanEventPayload } from './events.ts';
export { catalogPages } from './pages.ts';
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
export {
  deactivatePlansOf,
  findPlanBySlug,
  findPlanOf,
  findPlansByIds,
  findPlansBySlugs,
  planIdsOf,
  planRows,
} from './plan-store.ts';
export {
  chooseOption,
  describeOption,
  priceOptions,
  priceRenewal,
  type LineNames,
  type PriceOption,
  type PriceTerms,
} from './price-options.ts';
export { catalogProblems } from './problems.ts';
export { catalogRoutes, type CatalogNeeds } from './routes.ts';
export { PlanSchema, PlanSummarySchema } from './schemas.ts';
