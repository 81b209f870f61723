// Plans for sale, as offered to a caller with a cart.
export { pricingPage } from './page-types.ts';
export { offerPages } from './pages.ts';
export { offerRoutes } from './routes.ts';
