export { addBalanceLine } from './add-balance-line.ts';
export { balanceSheetPage } from './page-types.ts';
export { balanceSheetPages } from './pages.ts';
export { balancesRoutes } from './routes.ts';
