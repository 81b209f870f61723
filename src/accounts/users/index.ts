export { userPages } from './pages.ts';
export { userRoutes } from './routes.ts';
export { userPageTypes } from './page-types.ts';
