// Opening, extending, changing and ending subscriptions.
export { changeSubscription } from './change-subscription.ts';
export {
  endSubscriptions,
  emitSubscriptionEnded,
  endAllOfProfile,
  endRequested,
  lockRequested,
  unsubscribeProfile,
} from './end-subscription.ts';
export {
  openingParts,
  /** @public tests of other rooms subscribe profiles as an order does */
  openOrExtend,
  type Opened,
  type Opening,
  type PlannedOpenings,
  planOpenings,
  readOpenings,
} from './open-or-extend.ts';
export { subscriptionListPage } from './page-types.ts';
export { subscriptionListPages } from './pages.ts';
export { subscriptionRoutes } from './routes.ts';
