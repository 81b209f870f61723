export { billUses } from './bill-uses.ts';
export { balanceRoutes } from './routes.ts';
