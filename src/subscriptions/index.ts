// Who holds which plan until when: opening, extending, ending, asking, granting, and what that entitles to.
export { acceptGrant, acceptRequest } from './accept-subscription.ts';
export { changeSubscription } from './change-subscription.ts';
export { endAllOfProfile, endSubscriptions, unsubscribe } from './end-subscription.ts';
export {
  quotaReached,
  subscriptionEnded,
  subscriptionGrantAccepted,
  subscriptionGrantCreated,
  subscriptionRequestAccepted,
  subscriptionRequestCreated,
  useChargeLimitCrossed,
  type SubscriptionEventPayload,
  type UseEventPayload,
} from './events.ts';
export { grantSubscription } from './grant-subscription.ts';
export { extendSubscription, openOrExtend, type Opened, type Opening } from './open-or-extend.ts';
export { subscriptionsPages } from './pages.ts';
export { listProfileSubscriptions } from './present-subscription.ts';
export { subscriptionProblems } from './problems.ts';
export { addRolloverQuota, recordUses, type Uses } from './record-uses.ts';
export { subscriptionsRoutes } from './routes.ts';
export { isActive, isAgreed, type Subscription } from './subscription.ts';
export {
  entitlementsOf,
  findActiveSubscription,
  findActiveSubscriptionsOf,
  findSubscription,
  findSubscriptionsByIds,
  findSubscriptionsOf,
  hasSubscribers,
  lockSubscription,
  providersOf,
  type Entitlement,
  type ProvidingProfile,
} from './subscription-store.ts';
