export { deferredRoutes } from './routes.ts';
export { reportDeferredIncome } from './report-deferred-income.ts';
export { reportScheduledIncome } from './report-scheduled-income.ts';
