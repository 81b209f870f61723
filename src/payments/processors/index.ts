export {
  type AcceptedAnswer,
  type Card,
  type ChargeSource,
  type DeclinedAnswer,
  type Evidence,
  type Funds,
  type Processor,
  PROCESSOR_TIMEOUT_MS,
  type ProcessorAnswer,
  type ProcessorTerms,
  type RefundAnswer,
} from './processor.ts';
export { CHOSEN_PROCESSOR, processorNamed, termsOf } from './registry.ts';
export { testProcessorDevRoutes } from './test/routes.ts';
export { withProcessorTimeout } from './with-processor-timeout.ts';
