// Subscriptions of profiles to plans: open, extend, end, grant, request; entitlements of profiles.
export { findManagedProfiles } from './managed-profiles.ts';
export { claimWaiting } from './invitations/index.ts';
export {
  findEntitlements,
  findHeldPlans,
  findPlansHeldBy,
  findProviderTerms,
  providersAt,
  type ProviderTerm,
  findSubscription,
  findSubscriptionAt,
  isAgreed,
  findSubscriptionsByIds,
  latestSubscriptions,
  lockSubscriptions,
  lockSubscriptionSlots,
  reportingOverlap,
  sealClearSubscriptionKeys,
  selectActiveSubscriptions,
  type Entitlement,
  type HeldPlan,
  type OwnedPlan,
  type ProvidingProfile,
  type Slot,
  selectSubjects,
  slotLock,
  subscriptionsOf,
  subscriptionIdOf,
  subscriptionSubject,
  type Subscription,
} from './records/index.ts';
export { makeSubscriptions } from './subscriptions.ts';
export {
  endAllOfProfile,
  type Opened,
  type Opening,
  openingParts,
  /** @public tests of other rooms subscribe profiles as an order does */
  openOrExtend,
  type PlannedOpenings,
  planOpenings,
  readOpenings,
} from './terms/index.ts';
export { type BoughtUses, recordUses, rolloverQuotas } from './usage/index.ts';
export {
  subscriptionGrantAccepted,
  subscriptionGrantCreated,
  subscriptionRequestAccepted,
  subscriptionRequestCreated,
} from './events.ts';
