export { receivablesRoutes } from './routes.ts';
export { reportReceivables } from './report-receivables.ts';
