export type { Account } from './account.ts';
export type { RefundOutcome, RefundReport } from './processor-refund.ts';
export type { PayoutOutcome, PayoutReport } from './payout.ts';
export {
  type AcceptedOutcome,
  type ActionRequiredOutcome,
  type AttemptRef,
  type Card,
  type CardElement,
  type ChargeOutcome,
  type ChargeSource,
  type DeclinedOutcome,
  type DisputeEvidence,
  type Evidence,
  type Funds,
  isAccepted,
  type Processor,
  type ProcessorEvent,
  PROCESSOR_TIMEOUT_MS,
  type Payer,
  type ProcessorTerms,
  type RequestHeaders,
  type SavedCard,
} from './processor.ts';
export {
  type CreditReturn,
  DEFAULT_PROCESSOR,
  makeProcessors,
  movesMoney,
  type PaymentContext,
  processorNames,
  type Processors,
  type RefundedCredit,
  type RefundedLine,
} from './registry.ts';
export { loadStripe } from './stripe/load-stripe.ts';
export { processorDevRoutes } from './test/routes.ts';
export { withProcessorTimeout } from './with-processor-timeout.ts';
