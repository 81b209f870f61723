export { checkOut } from './check-out.ts';
export { checkoutPageTypes } from './page-types.ts';
export { checkoutPages } from './pages.ts';
export type { CheckoutInput } from './reserve-order.ts';
export { checkoutRoutes } from './routes.ts';
