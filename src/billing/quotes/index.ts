export { cleanHandle, handleSpellings, requireReachable } from './beneficiary.ts';
export { describePeriods } from './describe-periods.ts';
export { type ItemOffer, offerText } from './item-offer.ts';
export { factsOfLine, type LineFacts, lineText, type Reading } from './line-text.ts';
export { balancesOn, loadBalances } from './load-balances.ts';
export { loadInvoicables } from './load-invoicables.ts';
export { loadOffers } from './load-offers.ts';
export { showBalance, showCart, showItems, showOffers } from './show-cart.ts';
export { orderParts, orderSamples, viewInvoicables } from './view-invoicables.ts';
