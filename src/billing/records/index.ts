export {
  allowLongStatements,
  type Booking,
  bookedOrder,
  type OrderWithLines,
  payableOrderLock,
  selectLinesOf,
  selectSlots,
} from './booking-store.ts';
export { type NewCoverage, openedCoverages } from './coverage-store.ts';
export {
  anyOpenItem,
  cartItemList,
  cartLock,
  additionLock,
  listCartItems,
  qualifiedItemColumns,
  deleteCartItems,
  deleteOpenItems,
  deleteVisitorItems,
  findCartItem,
  findCartItemWithNames,
  findCartItems,
  insertShownItem,
  lockCartItems,
  moveVisitorItems,
  openItems,
  updateCartItem,
} from './cart-item-store.ts';
export { updateItemCoupons, upsertCartItems } from './wanted-item-store.ts';
export { type CartItem, type CartOwner, itemIdentity, itemsMax, type WantedItem } from './cart-item.ts';
export {
  collectLines,
  cartVersion,
  type Choice,
  chooseOptions,
  type Invoicable,
  type Line,
  type Seat,
  sortInvoicables,
  sumLines,
} from './line.ts';
export {
  updateOrderState,
  endHolding,
  findHoldingOrders,
  findGivenUpOrders,
  findItemsInFlight,
  findLinesOfEntries,
  findOrderLines,
  findOrderOfAttempt,
  isOrderOfChange,
  findOrdersOfSubscriptions,
  findPlansOfSeats,
  findStaleOrders,
  insertOrder,
  type NewOrder,
  reservedOrderParts,
  readOrderLines,
  lockReservedOrder,
  ordersInFlight,
} from './order-store.ts';
export {
  isSeatSubject,
  buildOrderLines,
  makeSeatSubject,
  payableLines,
  type NewOrderLine,
  type Order,
  type OrderLine,
} from './order.ts';
export {
  closePaymentLink,
  findCollectedEntries,
  findEntriesOfOrder,
  findPaymentLink,
  findMailedLinks,
  insertPaymentLink,
  lockLinkById,
  type MailedLink,
  type LinkState,
  type ListedLink,
  listPaymentLinks,
  lockPaymentLink,
  updateLinkSent,
} from './payment-link-store.ts';
export { findFinishLink, type FinishLink, keepFinishLink, notedFinishAttempt } from './finish-link-store.ts';
export { findPayLaterRefusers, upsertPayLaterTerms } from './pay-later-store.ts';
export type { PaymentLink } from './payment-link.ts';
export {
  deleteVisitorCoupons,
  findRememberedCoupon,
  deleteRememberedCoupon,
  rememberedCode,
  upsertRememberedCoupon,
} from './remembered-coupon-store.ts';
export {
  deleteAllShownLines,
  deleteShownItems,
  deleteVisitorLines,
  findShownLines,
  moveShownLines,
  replaceShownLines,
  shownLines,
  upsertShownLines,
} from './shown-line-store.ts';
export { balanceKey, isAsShown, itemKey, type ShownLine, type ShownScope } from './shown-line.ts';
export { findCartPlanIds, findSeatAddresses, findSeatItems } from './cart-seat-store.ts';
export { hasReturned, insertReturned } from './returned-request-store.ts';
export { hasOpenOperation } from './open-operation-store.ts';
export { recordNotice } from './sent-notice-store.ts';
export { entryKey, type FreeEntries, freeEntriesOf, releaseFreeEntries } from './free-entry-store.ts';
