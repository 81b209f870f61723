export {
  actionProblem,
  BrowserKeysSchema,
  browserKeys,
  limitDeclines,
  type PaymentMethod,
  removeCard,
  deleteSavedCard,
  saveCard,
  findSavedCard,
  fingerprintOnFile,
  fingerprintsOnFile,
  lockPaymentMethod,
  findSavedCards,
} from './cards/index.ts';
export { chargePage, chargePill, viewCharge } from './charge-views/index.ts';
export {
  abandonAttempt,
  awaitAction,
  callProcessor,
  ChargeSchema,
  findOutcome,
  findRecentCharges,
  findUnpaidSales,
  type UnpaidSale,
  chargeParts,
  closeUnpaidAttempt,
  getRecordedCharge,
  keepChargedCard,
  type NewAttempt,
  type NewChargeItem,
  planCharge,
  type PlannedLine,
  type PreparedAttempt,
  prepareAttempt,
  presentCharge,
  recordCharge,
  /** @public evidence for one charge on request: tests of other rooms decide an open charge with it */
  refreshCharge,
  reserveAttempt,
  sendReceipt,
} from './charges/index.ts';
export { declinedProblem, paymentsProblems } from './problems.ts';
export {
  type AcceptedOutcome,
  type ActionRequiredOutcome,
  type ChargeOutcome,
  type CreditReturn,
  DEFAULT_PROCESSOR,
  isAccepted,
  makeProcessors,
  movesMoney,
  type PaymentContext,
  processorNames,
  PROCESSOR_TIMEOUT_MS,
  type Processors,
  type RefundedCredit,
  type RefundedLine,
  type RefundOutcome,
} from './processors/index.ts';
export {
  addNotedAmounts,
  type Attempt,
  type Charge,
  type ChargedPart,
  findChargeById,
  findChargedParts,
  findCoveringCharges,
  type ChargeItem,
  type ChargeState,
  type AttemptResult,
  findAttempt,
  findAttemptResults,
  findDisputingPlaces,
  findAttemptByKey,
  findCharge,
  findChargedLines,
  findInvoiceNumbers,
  selectChargeAttempts,
  selectChargeLines,
  chargeSubject,
  findChargeItems,
  findChargeOfAttempt,
  findRefundedFunds,
  findRefundsOfEntries,
  findSettledRefundLines,
  hasDisputedCharge,
  hasUnresolvedCharge,
  insertedAttempt,
  lockChargesOf,
  findUnresolvedCharge,
  /** @public the proof looks up a withdrawal with it */
  findPayoutByKey,
} from './records/index.ts';
export {
  /** @public the proof withdraws with a key of its own */
  withdrawFunds,
} from './payouts/index.ts';
export {
  type RefundPart,
  type ReservedRefund,
  reservePayout,
  reserveRefundsOfEntries,
  bookHeldRefund,
  failHeldRefund,
  type HeldRefund,
  findHeldOutcome,
  findHeldRefunds,
  type HeldRefundOf,
  reserveRefund,
  sendHeldRefund,
  sendRefund,
} from './refunds/index.ts';
export { makePayments } from './payments.ts';
export { chargedEntries, paidByChargeCondition, paymentsLedgerChecks } from './ledger-check-store.ts';
export { cardSaved, cardUpdated, chargeUpdated, payoutFailed } from './events.ts';
export {
  /** @public tests of other rooms run the job with it */
  finishRefunds,
  /** @public tests of other rooms refund charges with it */
  refundCharge,
} from './refunds/index.ts';
