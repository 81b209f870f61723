// Orders that are paid later, and the links that pay them.
export { paymentLinkListPages } from './list-pages.ts';
export { paymentLinkPageTypes } from './page-types.ts';
export { paymentLinkPages } from './pages.ts';
export { remindOfLinks } from './remind-of-links.ts';
export { type PaymentLinkNeeds, paymentLinkRoutes } from './routes.ts';
