// Plans for sale, as offered to a caller with a cart.
export { findChosenOffer } from './find-chosen-offer.ts';
export { pricingPage } from './page-types.ts';
export { offerPages } from './pages.ts';
export { offerRoutes } from './routes.ts';
