export { normalizeHandle, expandHandle, requireReachable } from './beneficiary.ts';
export { describePeriods } from './describe-periods.ts';
export { buildShownItem, type ItemOffer, describeOffer, offerItem } from './item-offer.ts';
export { buildLineFacts, type LineFacts, describeLine, type ReaderLocale } from './describe-line.ts';
export { filterBalances, loadBalances } from './load-balances.ts';
export { completeQuote, loadInvoicables, priceQuote, quoteParts } from './load-invoicables.ts';
export { findItemOffers } from './find-item-offers.ts';
export { showBalance, showCart, showCartItems, recordShownOffers } from './show-cart.ts';
export { orderParts, orderSamples, viewChoices, viewInvoicables } from './view-invoicables.ts';
