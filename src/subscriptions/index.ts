// Who holds which plan until when: opening, extending, ending, asking, granting, and what that entitles to.
export { endAllOfProfile, endSubscriptions } from './end-subscription.ts';
export type { SubscriptionEventPayload, UseEventPayload } from './events.ts';
export { openOrExtend, type Opened, type Opening } from './open-or-extend.ts';
export { subscriptionsPages } from './pages.ts';
export { addRolloverQuota } from './record-uses.ts';
export { subscriptionsRoutes } from './routes.ts';
export type { Subscription } from './subscription.ts';
export {
  entitlementsOf,
  findActiveSubscriptionsOf,
  findSubscription,
  findSubscriptionsByIds,
  findSubscriptionsOf,
  hasSubscribers,
  lockSubscriptions,
  providersOf,
  type Entitlement,
  type ProvidingProfile,
} from './subscription-store.ts';
