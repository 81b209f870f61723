export { bankPageTypes } from './page-types.ts';
export { bankPages } from './pages.ts';
export { replaceKeys } from './replace-keys.ts';
export { keyRoutes } from './routes.ts';
export { withdrawPages } from './withdraw-pages.ts';
