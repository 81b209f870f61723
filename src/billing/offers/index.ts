// Plans for sale, as offered to a caller with a cart.
export { offerPages } from './pages.ts';
export { offerRoutes } from './routes.ts';
