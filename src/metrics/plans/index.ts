export { type CountedState, whereState } from './counted-subscription-store.ts';
export { readCountedSubscriptions } from './list-subscriptions.ts';
export { reportPlans } from './report-plans.ts';
export { planReportRoutes, subscriptionPointParams } from './routes.ts';
