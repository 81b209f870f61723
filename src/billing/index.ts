// Carts, the checkout in three steps, orders and what is due.
export { addToCart, type CartWish } from './cart/add-to-cart.ts';
export { emptiesCart, emptyCart } from './cart/clear-cart.ts';
export { checkOut } from './checkout/check-out.ts';
export type { CheckoutInput } from './checkout/reserve-order.ts';
export { billingJobs } from './jobs.ts';
export { isCouponUsed } from './records/order-store.ts';
export { billingPages } from './pages.ts';
export { billingRoutes } from './routes.ts';
