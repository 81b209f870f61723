export {
  cartItemList,
  listCartItems,
  deleteCartItem,
  deleteCartItems,
  deleteVisitorItems,
  findCartItem,
  findCartItems,
  lockCartItems,
  moveVisitorItems,
  recordCartItems,
  setItemCoupons,
  updateCartItem,
  upsertCartItem,
} from './cart-item-store.ts';
export { CART_ITEMS_MAX, type CartItem, type CartOwner, type WantedItem } from './cart-item.ts';
export {
  allLines,
  cartVersion,
  type Choice,
  chooseOptions,
  type Invoicable,
  type Line,
  type Seat,
  sortInvoicables,
  totalOf,
} from './line.ts';
export {
  bookOrderLine,
  closeOrder,
  findGivenUpOrders,
  findItemsInFlight,
  findLinesOfEntries,
  findOrder,
  findOrderInFlight,
  findOrderLines,
  findOrderOfAttempt,
  findOrdersOn,
  findPlansOfSeats,
  findStaleOrders,
  insertOrder,
  insertOrderLines,
  lockPayableOrder,
  lockReservedOrder,
} from './order-store.ts';
export { isSeatSubject, linesOfOrder, makeSeatSubject, type Order, type OrderLine } from './order.ts';
export { deleteVisitorCoupons, findRememberedCoupon, forgetCoupon, rememberCoupon } from './remembered-coupon-store.ts';
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
