export { signInPages } from './pages.ts';
export { signInRoutes } from './routes.ts';
