// Plans with their use charges and advance discounts.
export { createPlan } from './create-plan.ts';
export { countPlansOnSale } from './plan-count-store.ts';
export { findPlansOnSale } from './plans-on-sale-store.ts';
export { deletePlan } from './delete-plan.ts';
export { planFields, updatePlan } from './update-plan.ts';
export type { PlanInput } from './schemas.ts';
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
  cancelRefunds,
  changeModes,
  defaultTerms,
  termsMax,
  trialEnd,
  type CancelRefund,
  type ChangeMode,
  type PlanTerms,
} from './plan-terms.ts';
export { pricedFor, refuseQuantityPrice, refuseSoldQuantity, soldQuantity } from './sold-quantity.ts';
export { offersTrial, type PlanOffer } from './plan-offer.ts';
export {
  deactivatePlansOf,
  findPlanBySlug,
  findPlanOf,
  findPlansByIds,
  findPlansBySlugs,
  listPlans,
  planList,
  plansById,
  plansBySlug,
  findPlanIds,
  findUnitOf,
  firstSubscriptions,
  parsePlanSlug,
  planPart,
  readPlan,
  recordFirstSubscription,
  selectPlans,
} from './plan-store.ts';
export { splitDescription } from './split-description.ts';
export { presentOffer, presentPlans, presentTerms } from './present-plan.ts';
export { planRoutes } from './routes.ts';
export { PlanPage, PlanSchema, PlanSummarySchema } from './schemas.ts';
export {
  findPlanNamesOf,
  findProviderSlugs,
  plan_keys,
  selectNamedPlans,
  selectPlanIds,
  selectPlanNames,
  selectPlanPrices,
} from './plan-name-store.ts';
