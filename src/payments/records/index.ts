export { addNotedAmounts, type ChargedPart, findChargedParts, subtractNotedAmount } from './charged-part-store.ts';
export {
  claimPostponed,
  closeAttempt,
  closedAttempt,
  endPostponement,
  findAttempt,
  findAttemptByIntent,
  findAttemptByKey,
  findConfirmedAttempt,
  findPostponedAttempts,
  findWaitingAttempt,
  insertedAttempt,
  markAwaitingAction,
  noteUnwantedCard,
  postponeAttempt,
  takeUnwantedCard,
  type NewAttemptRow,
} from './attempt-store.ts';
export { findAvailableFunds, subtractPromised } from './available-funds.ts';
export { type Attempt, type AttemptSource, attemptRef, reservedAt } from './attempt.ts';
export {
  type AttemptResult,
  findAttemptResults,
  findCoveringCharges,
  findDisputingPlaces,
  findCharge,
  findChargeById,
  findChargeItems,
  findChargeOfAttempt,
  findDecidedCharges,
  findDisputedCharges,
  insertedCharge,
  insertedChargeItems,
  hasDisputedCharge,
  updateChargeItemLinks,
  findUnsettledCharges,
  lockCharge,
  lockChargesOf,
  updateChargeState,
} from './charge-store.ts';
export {
  findUnresolvedCharge,
  findUnresolvedCustomers,
  hasOpenCall,
  hasUnresolvedCharge,
  unresolvedCharge,
} from './unresolved-charge-store.ts';
export { findChargesByKeys } from './charges-by-key-store.ts';
export { type Charge, type ChargeItem, chargeSubject, type ChargeState } from './charge.ts';
export {
  type ChargedLine,
  findChargedLines,
  findInvoiceNumbers,
  selectChargeAttempts,
  selectChargeLines,
} from './charged-line-store.ts';
export { buildChargeUpdated, emitChargeUpdated } from './emit-charge-updated.ts';
export {
  closeMissedPart,
  findCursor,
  findMissedSpans,
  type MissedSpan,
  moveCursor,
  noteMissedSpan,
} from './cursor-store.ts';
export { type Dispute, findDisputes, saveDisputes } from './dispute-store.ts';
export { type FraudWarning, findFraudWarnings, saveFraudWarnings } from './fraud-warning-store.ts';
export {
  deleteOrphan,
  findDueOrphans,
  findOrphanByCharge,
  findOrphanByIntent,
  insertOrphan,
  lockOrphan,
  updateOrphan,
} from './orphan-store.ts';
export { type Orphan, orphanKey } from './orphan.ts';
export { type Bearer, bookExchange, exchangeKey, isExchanged } from './exchange.ts';
export { findRemainingLines, type RemainingLine } from './line-shares.ts';
export type { Parties } from './parties.ts';
export { refundEntries } from './refund-entries.ts';
export { type BookedDisputes, decideSteps, type Step } from './steps.ts';
export {
  closeFeeDue,
  closeRefund,
  findFeesDue,
  findOpenRefund,
  findRefundByKey,
  findRefundsByIds,
  findRefundLines,
  findRefundLinesOfCharge,
  type RefundLineOfCharge,
  findRefundedFunds,
  findRefundsOfEntries,
  findSettledRefundLines,
  findUnfinishedRefunds,
  insertFeeDue,
  insertRefund,
} from './refund-store.ts';
export {
  findLastPayoutAccount,
  findNewestPayouts,
  findOpenPayouts,
  findPayoutAccount,
  findPayoutAccountByKey,
  findPayoutAccounts,
  findPayoutByKey,
  findPayoutOfProcessor,
  hasOpenPayout,
  insertPayout,
  insertPayoutAccount,
  lockPayout,
  markAccountDenied,
  selectPayoutAccount,
  selectPromisedFunds,
  updateAccountFacts,
  updatePayout,
  updatePayoutAccountEnd,
} from './payout-store.ts';
export { decidePayoutStep, type Payout, type PayoutAccount, payoutSubject } from './payout.ts';
export {
  NO_SHARES,
  prorateRefund,
  type Refund,
  type RefundLine,
  refuseRefund,
  type Shares,
  shiftShares,
  subtractShares,
} from './refund.ts';
