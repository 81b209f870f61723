export type { Attempt } from './attempt.ts';
export { browserKeys } from './browser-keys.ts';
export { callProcessor, findOutcome } from './call-processor.ts';
export type { Charge, ChargeItem, ChargeState } from './charge.ts';
export { findAttempt, findAttemptByKey } from './charge-attempt-store.ts';
export {
  chargesCovering,
  findCharge,
  findChargeItems,
  findChargeOfAttempt,
  isAnyUnresolved,
  lockChargesOf,
  unresolvedChargeOf,
} from './charge-store.ts';
export { findChargedLines } from './charged-line-store.ts';
export { paymentsJobs } from './jobs.ts';
export { limitDeclines } from './limit-declines.ts';
export { listRecentCharges } from './list-recent-charges.ts';
export { type PaymentMethod, savedCard } from './payment-method-store.ts';
export { presentCharge } from './present-charge.ts';
export { declinedProblem, paymentsProblems } from './problems.ts';
export type { AcceptedAnswer, DeclinedAnswer, Evidence, Processor, ProcessorAnswer } from './processors/processor.ts';
export { testProcessorDevRoutes } from './processors/test-processor-routes.ts';
export { markAttempt, type NewChargeItem, recordCharge } from './record-charge.ts';
export { refreshCharge } from './refresh-charge.ts';
export { findRefundsOfEntries, findSettledRefundLines } from './refund-store.ts';
export { type NewAttempt, reserveAttempt } from './reserve-attempt.ts';
export { paymentsRoutes } from './routes.ts';
export { removeCard, removeCardIn } from './remove-card.ts';
export { saveCard } from './save-card.ts';
export { BrowserKeysSchema, ChargeSchema } from './schemas.ts';
