export { paymentLinkPage } from './page-types.ts';
export { paymentLinkPages } from './pages.ts';
export { type PaymentLinkNeeds, paymentLinkRoutes } from './routes.ts';
