export { makeEventInbox } from './event-inbox.ts';
export { forgetEventsJob, handleEventsJob, sweepEventsJob } from './jobs.ts';
export { type WebhookSecrets, webhookRoutes } from './routes.ts';
export { takeProcessorEvent } from './take-processor-event.ts';
