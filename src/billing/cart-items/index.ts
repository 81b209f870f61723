export { cartItemPageTypes } from './page-types.ts';
export { presentItems, presentItemsWithAddresses } from './present-items.ts';
export { cartItemsPages } from './pages.ts';
export { cartItemsRoutes } from './routes.ts';
