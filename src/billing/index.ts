// Carts, quotes, orders and the checkout.
export { claimCodeGenerated, orderExecuted, paymentLinkSent } from './events.ts';
export {
  cardExpiresSoon,
  expiresSoon,
  paymentActionRequired,
  paymentMethodAbsent,
  processorUnreached,
  renewalChargeFailed,
  renewalRecovered,
  subscriptionEndedUnpaid,
  subscriptionUpgrade,
} from './renewal-events.ts';
export { changeApproaching, changePending, subscriptionChanged } from './changes/index.ts';
export { makeBilling } from './billing.ts';
export { billingLedgerChecks } from './ledger-check-store.ts';
export { addToCart, type NewCartItem, emptyCartOnArchive, emptyCart } from './cart/index.ts';
export { findChosenOffer } from './offers/index.ts';
export { checkOut, type CheckoutInput } from './checkout/index.ts';
export { creditReturn } from './credits/index.ts';
export { makeRequestEnding } from './requests/index.ts';
export { showSubscriberFile } from './subscriber-file/index.ts';
export { countParked, listParked, parkedList, type ParkedProfile, release as releaseParked } from './parked/index.ts';
export { recordNotice } from './records/index.ts';
