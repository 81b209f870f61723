export { couponUsesPage } from './page-types.ts';
export { couponUsePages } from './pages.ts';
export { couponUseRoutes } from './routes.ts';
