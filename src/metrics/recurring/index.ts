export { recurringRoutes } from './routes.ts';
export { reportRecurring } from './report-recurring.ts';
