// Subscriptions of profiles to plans: open, extend, end, grant, request; entitlements of profiles.
export { claimWaiting } from './invitations/index.ts';
export {
  findEntitlements,
  findProvidingProfiles,
  findSubscription,
  findSubscriptionsByIds,
  findSubscriptionsOf,
  lockSubscriptions,
  sealClearSubscriptionKeys,
  selectActiveSubscriptions,
  type Entitlement,
  type ProvidingProfile,
  subscriptionIdOf,
  subscriptionSubject,
  type Subscription,
} from './records/index.ts';
export { makeSubscriptions } from './subscriptions.ts';
export { endAllOfProfile, openOrExtend, type Opened, type Opening } from './terms/index.ts';
export { addRolloverQuota } from './usage/index.ts';
export {
  subscriptionGrantAccepted,
  subscriptionGrantCreated,
  subscriptionRequestAccepted,
  subscriptionRequestCreated,
} from './events.ts';
