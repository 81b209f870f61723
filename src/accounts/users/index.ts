export { userPages } from './pages.ts';
export { userRoutes } from './routes.ts';
