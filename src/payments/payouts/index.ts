export { payoutPageTypes } from './page-types.ts';
export { payoutPages } from './pages.ts';
export { payoutRoutes } from './routes.ts';
