export { reportPlans } from './report-plans.ts';
export { planReportRoutes } from './routes.ts';
