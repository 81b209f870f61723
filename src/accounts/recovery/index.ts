export { recoveryPages } from './pages.ts';
export { recoveryRoutes } from './routes.ts';
