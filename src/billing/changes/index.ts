// Changes of the plan or the quantity of a subscription.
export { changeApproaching, changeEvents, changePending, subscriptionChanged } from './events.ts';
export { finishChange } from './finish-change.ts';
export { changeJobs } from './jobs.ts';
export { dropPendingChange } from './pending-change.ts';
export { findPendingChange, findPendingChanges, type PendingChange } from './pending-change-store.ts';
export { changeRoutes } from './routes.ts';
