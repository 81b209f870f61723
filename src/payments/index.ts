export {
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
export { paymentsJobs } from './jobs.ts';
export { declinedProblem, paymentsProblems } from './problems.ts';
export type { AcceptedAnswer, DeclinedAnswer, Evidence, Processor, ProcessorAnswer } from './processors/index.ts';
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
export { paymentsDevRoutes, paymentsRoutes } from './routes.ts';
export { cardUpdated, chargeUpdated } from './events.ts';
