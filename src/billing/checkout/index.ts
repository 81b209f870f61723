export {
  abandonCheckout,
  applyOutcome,
  checkOut,
  endingWaitingPayment,
  findSameWaiting,
  paymentUnknownProblem,
  resumeCheckout,
} from './check-out.ts';
export { checkoutPageTypes } from './page-types.ts';
export { checkoutPages } from './pages.ts';
export { placeUnpaidOrder } from './place-unpaid-order.ts';
export { presentCheckout } from './present-checkout.ts';
export { type CheckoutInput, refusingConcurrent } from './reserve-order.ts';
export { checkoutRoutes } from './routes.ts';
export { CheckoutBodySchema, CheckoutSchema } from './schemas.ts';
