export { getParkedMessage, ignoreMessage, REASON_LENGTH_MAX, retryMessage } from './decide-message.ts';
export { type EventInbox, makeEventInbox } from './event-inbox.ts';
export { forgetEventsJob, handleEventsJob, sweepEventsJob } from './jobs.ts';
export {
  countParkedMessages,
  listParkedMessages,
  type ParkedMessage,
  parkedMessageList,
} from './parked-message-store.ts';
export { type WebhookSecrets, webhookRoutes } from './routes.ts';
export { takeProcessorEvent } from './take-processor-event.ts';
