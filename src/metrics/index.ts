export { addBalanceLine } from './add-balance-line.ts';
export { metricsRoutes } from './routes.ts';
