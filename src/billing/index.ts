// Carts, the checkout in three steps, orders and what is due.
export { addToCart, type CartWish } from './add-to-cart.ts';
export { emptiesCart, emptyCart } from './clear-cart.ts';
export { findCartFacts } from './cart-facts.ts';
export { checkOut } from './check-out.ts';
export type { CheckoutInput } from './reserve-order.ts';
export { billingJobs } from './jobs.ts';
export { isCouponUsed } from './order-store.ts';
export { billingPages } from './pages.ts';
export { billingRoutes } from './routes.ts';
