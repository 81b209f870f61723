export { bookOrder } from './book-order.ts';
export { textsOfEntries } from './describe-lines.ts';
export { finishOrders } from './finish-orders.ts';
export { refuseOrder, settleOrder } from './settle-order.ts';
