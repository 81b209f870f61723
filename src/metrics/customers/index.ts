export { customerPageTypes } from './page-types.ts';
export { customerPages } from './pages.ts';
export { reportCustomers } from './report-customers.ts';
export { customerRoutes } from './routes.ts';
