export { cartItemPageTypes } from './page-types.ts';
export { cartItemsPages } from './pages.ts';
export { cartItemsRoutes } from './routes.ts';
