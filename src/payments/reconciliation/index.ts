export { compareMissedJob } from './compare-missed.ts';
export { type Finding, isDifference } from './finding.ts';
export { type Reconciliation, reconcilePayments } from './reconcile-payments.ts';
