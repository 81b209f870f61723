export {
  cartItemList,
  listCartItems,
  deleteCartItem,
  deleteCartItems,
  deleteVisitorItems,
  findCartItem,
  findCartItemWithNames,
  findCartItems,
  lockCartItems,
  moveVisitorItems,
  updateOrderedItems,
  updateItemCoupons,
  updateCartItem,
  upsertCartItem,
} from './cart-item-store.ts';
export { CART_ITEMS_MAX, type CartItem, type CartOwner, type WantedItem } from './cart-item.ts';
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
  updateBookedLine,
  updateOrderState,
  findGivenUpOrders,
  findItemsInFlight,
  findLinesOfEntries,
  findOrderInFlight,
  findOrderLines,
  findOrderOfAttempt,
  findOrdersOfSubscriptions,
  findPlansOfSeats,
  findStaleOrders,
  insertOrder,
  insertOrderLines,
  lockPayableOrder,
  lockReservedOrder,
} from './order-store.ts';
export { isSeatSubject, buildOrderLines, makeSeatSubject, type Order, type OrderLine } from './order.ts';
export {
  deleteVisitorCoupons,
  findRememberedCoupon,
  deleteRememberedCoupon,
  upsertRememberedCoupon,
} from './remembered-coupon-store.ts';
export {
  deleteAllShownLines,
  deleteShownItems,
  deleteShownKeys,
  deleteVisitorLines,
  findShownLines,
  moveShownLines,
  replaceShownLines,
  upsertShownLines,
} from './shown-line-store.ts';
export { balanceKey, isAsShown, itemKey, type ShownLine, type ShownScope } from './shown-line.ts';
