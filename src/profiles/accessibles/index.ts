export { accessiblePageTypes } from './page-types.ts';
export { accessiblePages } from './pages.ts';
export { accessibleRoutes } from './routes.ts';
