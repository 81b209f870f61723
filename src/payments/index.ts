export {
  actionProblem,
  BrowserKeysSchema,
  browserKeys,
  limitDeclines,
  type PaymentMethod,
  removeCard,
  removeCardIn,
  saveCard,
  savedCard,
} from './cards/index.ts';
export {
  abandonAttempt,
  awaitAction,
  callProcessor,
  ChargeSchema,
  findOutcome,
  listRecentCharges,
  markAttempt,
  type NewAttempt,
  type NewChargeItem,
  presentCharge,
  recordCharge,
  refreshCharge,
  reserveAttempt,
} from './charges/index.ts';
export { declinedProblem, paymentsProblems } from './problems.ts';
export {
  type AcceptedOutcome,
  type ActionRequiredOutcome,
  type ChargeOutcome,
  DEFAULT_PROCESSOR,
  isAccepted,
  makeProcessors,
  movesMoney,
  type PaymentContext,
  processorNames,
  type Processors,
} from './processors/index.ts';
export {
  type Attempt,
  type Charge,
  chargesCovering,
  type ChargeItem,
  type ChargeState,
  findAttempt,
  findAttemptByKey,
  findCharge,
  findChargedLines,
  findChargeItems,
  findChargeOfAttempt,
  findRefundsOfEntries,
  findSettledRefundLines,
  isAnyUnresolved,
  lockChargesOf,
  unresolvedChargeOf,
} from './records/index.ts';
export { makePayments } from './payments.ts';
export { cardUpdated, chargeUpdated } from './events.ts';
