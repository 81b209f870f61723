export { securityPages } from './pages.ts';
export { securityRoutes } from './routes.ts';
export { securityPageTypes } from './page-types.ts';
