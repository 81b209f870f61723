export { payoutPageTypes } from './page-types.ts';
export { payoutPages } from './pages.ts';
export { closeAccountJob } from './close-account.ts';
export { connectBank, disconnectBank } from './connected-account.ts';
export { type Bank, loadBank } from './get-bank.ts';
export { finishPayoutsJob, reconcilePayoutsJob } from './jobs.ts';
export { refreshPayout } from './reconcile-payouts.ts';
export { payoutRoutes } from './routes.ts';
export { withdrawFunds } from './withdraw-funds.ts';
