export { keyPageTypes } from './page-types.ts';
export { keyPages } from './pages.ts';
export { apiKeyRoutes } from './routes.ts';
