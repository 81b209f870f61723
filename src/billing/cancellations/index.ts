// Cancellations of subscriptions, with what is given back.
export { deletePendingChange } from './cancellation-store.ts';
export { subscriptionCancelled } from './events.ts';
export { makeRunningEnding } from './end-running.ts';
export { finishCancellationsJob } from './jobs.ts';
export {
  type CancelChoice,
  type CancelPreview,
  type CancelRequest,
  type CancelResult,
  mayWithdraw,
  previewCancellations,
  requestCancellation,
  withdrawCancellation,
} from './request-cancellation.ts';
export { cancellationRoutes } from './routes.ts';
