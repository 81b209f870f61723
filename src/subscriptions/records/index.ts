// Stores and presentation of subscriptions and entitlements.
export { sealClearSubscriptionKeys } from './clear-key-store.ts';
export {
  type CountedUse,
  findChain,
  findCountedUses,
  findOtherSubscriptions,
  insertCountedUses,
} from './chain-store.ts';
export { createSubscription } from './create-subscription.ts';
export {
  findEntitlements,
  findProviderTerms,
  findTermsWith,
  providersAt,
  type Entitlement,
  type ProviderTerm,
  type ProvidingProfile,
} from './entitlement-store.ts';
export { type TermState, termState, termStates } from './term-state.ts';
export { deleteEnding, type EndingReason, endingReasons, findRecordedEnding, recordEndings } from './ending-store.ts';
export {
  findDuePauses,
  findDueResumptions,
  findOpenPause,
  findOpenPauses,
  findStopped,
  findSuspendedBy,
  type HeldPause,
  insertPause,
  type Pause,
  pausesOf,
  updatePause,
  wasPausedSince,
} from './pause-store.ts';
export { findTrials, lockEndedTrial } from './trial-store.ts';
export { findSpentTrials, recordTrialUse, releaseTrialUses, trialsUsedBy } from './trial-use-store.ts';
export { findHeldPlans, findPlansHeldBy, type HeldPlan, type OwnedPlan } from './held-plan-store.ts';
export {
  assertFound,
  presentCommon,
  presentSubscriber,
  presentSubscribers,
  presentSubscription,
  presentSubscriptions,
  presentToProvider,
  presentToSubscriber,
} from './present-subscription.ts';
export {
  findDueRenewals,
  findEndingSubscriptions,
  lockedRenewals,
  type RenewalPlace,
  renewalSlots,
} from './renewal-store.ts';
export { readSubscribedPlan, readSubscriber } from './subscription-view-store.ts';
export {
  extendedSubscriptions,
  type Extension,
  insertedSubscriptions,
  latestSubscriptions,
  lockSubscriptionSlot,
  lockSubscriptionSlots,
  type OpenedRow,
  type Slot,
  selectSubjects,
  slotLock,
  subscriptionsOf,
} from './slot-store.ts';
export {
  countActiveByPlan,
  selectFirstSubscriberCount,
  selectSubscriberCount,
  type Span,
} from './subscription-count-store.ts';
export {
  countByState,
  type ListedSpan,
  type StateCounts,
  listSubscriptions,
  subscriptionList,
} from './subscription-list-store.ts';
export {
  deleteSubscription,
  findProvided,
  findSubscription,
  findSubscriptionAt,
  findSubscriptionByKey,
  findSubscriptionsByIds,
  findSubscriptionsOfProfile,
  lockRunningSubscription,
  lockSubscriptionByKey,
  lockSubscriptions,
  moveSubscription,
  reportingOverlap,
  selectActiveSubscriptions,
  updateEnds,
  updateSubscription,
  type Ending,
  type SubscriptionChange,
} from './subscription-store.ts';
export {
  extendEnd,
  isActive,
  isAgreed,
  isFrozen,
  endChange,
  refuseEnd,
  refuseTrialEnd,
  subscriptionIdOf,
  subscriptionSubject,
  type Subscription,
} from './subscription.ts';
export { awaitsProvider, findEndedRequests, lockEndedRequest } from './request-store.ts';
export { findWaitingConsents, recordConsentReminders } from './consent-reminder-store.ts';
