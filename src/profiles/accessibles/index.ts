export { accessiblePages } from './pages.ts';
export { accessibleRoutes } from './routes.ts';
