export { signInPages } from './pages.ts';
export { signInRoutes } from './routes.ts';
export { signInPageTypes } from './page-types.ts';
