// Changes of the plan or the quantity of a subscription.
export { changeApproaching, changeEvents, changePending, subscriptionChanged } from './events.ts';
export { finishChange } from './finish-change.ts';
export { changeJobs } from './jobs.ts';
export { withdrawChange } from './pending-change.ts';
export { findPendingChange, type PendingChange } from './pending-change-store.ts';
export { changeRoutes } from './routes.ts';
export { type ChangeTarget, getSubscription } from './load-change.ts';
export { labelOf } from './line-label.ts';
export type { ChangePreview } from './preview.ts';
export { previewChange } from './preview-change.ts';
export { type ChangeOutcome, requestChange } from './request-change.ts';
export { readStoredTerms } from './stored-terms.ts';
