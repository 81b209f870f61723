export { recoveryPages } from './pages.ts';
export { recoveryRoutes } from './routes.ts';
export { recoveryPageTypes } from './page-types.ts';
