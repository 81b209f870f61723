export { beginTrials, CardNeeded } from './begin-trials.ts';
export { type BookedLine, slotsOf } from './book-lines.ts';
export { type BookedOperation, loadBooking } from './load-booking.ts';
export { bookOrder } from './book-order.ts';
export { findEntryTexts, nameEntries } from './describe-lines.ts';
export { documentParts } from './issue-documents.ts';
export { finishOrders } from './finish-orders.ts';
export { closeUnpaidOrder, settleOrder } from './settle-order.ts';
