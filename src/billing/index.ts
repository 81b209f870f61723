// Carts, the checkout in three steps, orders and what is due.
export { claimCodeGenerated, orderExecuted } from './events.ts';
export { makeBilling } from './billing.ts';
export { addToCart, type CartItemRequest, emptyCartOnArchive, emptyCart } from './cart/index.ts';
export { checkOut, type CheckoutInput } from './checkout/index.ts';
