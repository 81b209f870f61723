// Who holds which plan until when: opening, extending, ending, asking, granting, and what that entitles to.
export { sealClearSubscriptionKeys } from './clear-key-store.ts';
export { claimWaiting } from './claim-waiting.ts';
export { endAllOfProfile, endSubscriptions } from './end-subscription.ts';
export type { SubscriptionEventPayload, UseEventPayload } from './events.ts';
export { openOrExtend, type Opened, type Opening } from './open-or-extend.ts';
export { subscriptionsPages } from './pages.ts';
export { addRolloverQuota } from './record-uses.ts';
export { subscriptionsRoutes } from './routes.ts';
export { type Subscription, subscriptionIdOf, subscriptionSubject } from './subscription.ts';
export { entitlementsOf, providersOf, type Entitlement, type ProvidingProfile } from './entitlement-store.ts';
export {
  findActiveSubscriptionsOf,
  findSubscription,
  findSubscriptionsByIds,
  findSubscriptionsOf,
  hasSubscribers,
  lockSubscriptions,
} from './subscription-store.ts';
