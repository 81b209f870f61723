export { securityPages } from './pages.ts';
export { securityRoutes } from './routes.ts';
