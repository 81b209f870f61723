export { beginTrials, CardNeeded, requirePromisedTrials } from './begin-trials.ts';
export { type BookedLine, slotsOf } from './book-lines.ts';
export { type BookedOperation, loadBooking, lockAndLoadBooking } from './load-booking.ts';
export { bookOrder } from './book-order.ts';
export { describeOrderLines, findEntryTexts, nameEntries } from './describe-lines.ts';
export { documentParts } from './issue-documents.ts';
export {
  type FindFinish,
  abandonAwaitingOrder,
  finishAwaitingOrder,
  finishOrders,
  isMadeAgain,
  type OrderFinish,
} from './finish-orders.ts';
export { type BalancePaid, closeUnpaidOrder, declinedReason, settleOrder, type UnpaidReason } from './settle-order.ts';
