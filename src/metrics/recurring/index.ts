export { recurringRoutes } from './routes.ts';
export { reportCohorts } from './report-cohorts.ts';
export { reportRecurring, reportRevenueChurn } from './report-recurring.ts';
