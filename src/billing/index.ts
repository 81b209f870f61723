// Carts, quotes, orders and the checkout.
export {
  /** @public the proofs of money write off without a request */
  cancelBalance,
} from './balances/index.ts';
export { claimCodeGenerated, orderExecuted, paymentLinkSent, paymentLinkUnpaid } from './events.ts';
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
export { subscriptionPaused, subscriptionResumed, subscriptionResumesSoon } from './pauses/index.ts';
export { requestExpired } from './requests/index.ts';
export { trialEnded, trialEndsSoon } from './trials/index.ts';
export { changeApproaching, changePending, subscriptionChanged } from './changes/index.ts';
export { makeBilling } from './billing.ts';
export { billingLedgerChecks } from './ledger-check-store.ts';
export { addToCart, type NewCartItem, emptyCartOnArchive, emptyCart } from './cart/index.ts';
export { findChosenOffer } from './offers/index.ts';
export { checkOut, type CheckoutInput } from './checkout/index.ts';
export {
  creditReturn,
  findCreditOfCharges,
  findOpenCredit,
  type CreditBesideCharge,
  sumByLot,
} from './credits/index.ts';
export { profileClosing } from './archival/index.ts';
export { makeSubscriptionEnding } from './subscription-ending.ts';
export { showSubscriberFile } from './subscriber-file/index.ts';
export { countParked, listParked, parkedList, type ParkedProfile, release as releaseParked } from './parked/index.ts';
export { recordNotice } from './records/index.ts';
/** @public the proofs of money upload and confirm a file of payments without a page */
export { confirmFile, previewFile } from './balances/index.ts';
/** @public vectors of credit note an amount of an order without a change of plan */
export { noteCredit, notedAmounts, saveNotedCredit } from './credits/index.ts';
/** @public the proofs of money keep the income of their buyers unrecognised */
export { park } from './parked/index.ts';
/** @public the proof of recognition compares it with a second program */
export { recogniseIncome } from './recognition/index.ts';
export { findPayerStandings, type PayerStanding } from './dunning/index.ts';
