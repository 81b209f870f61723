export type { Account } from './account.ts';
export { CALL_BOUNDS_S } from './call-times.ts';
export {
  type ChangedCustomer,
  type CustomerRef,
  findChangedCustomers,
  findCustomerOwner,
  markCustomerDeleted,
  updateSentCustomer,
} from './customer-store.ts';
export type { ProcessorTerms } from './capabilities.ts';
export type { DisputeEvidence, DisputeReport, FraudWarningReport } from './dispute-evidence.ts';
export type { ProcessorEvent, RequestHeaders } from './event-intake.ts';
export {
  INTENT_DIFFERS,
  isSameMoney,
  type IntentTerms,
  type NamedIntent,
  type ProcessorIntents,
  type TakenPayment,
} from './intents.ts';
export type { Movement, Span } from './movement.ts';
export type { CardElement } from './page-parts.ts';
export type { FeeReturn, FeeReturnOutcome, MovedShare, RefundOutcome, RefundReport } from './processor-refund.ts';
export type { AccountFacts, AccountRequirements } from './onboarding.ts';
export { ProcessorSetupError, type SetupReport, type ShownKeys } from './setup.ts';
export type { PayoutAccount, PayoutOutcome, PayoutReport } from './payout.ts';
export {
  type AcceptedOutcome,
  type ActionRequiredOutcome,
  type AttemptRef,
  type Card,
  type ChargeOutcome,
  type ChargeSource,
  type DeclinedOutcome,
  type DeclineKind,
  type Evidence,
  type Funds,
  isAccepted,
  KeyReusedError,
  isUndecided,
  type Processor,
  type Payer,
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
export { PROCESSOR_TIMEOUT_MS, withProcessorTimeout } from './with-processor-timeout.ts';
