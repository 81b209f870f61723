export { addBalanceLine } from './add-balance-line.ts';
export { balancesRoutes } from './routes.ts';
