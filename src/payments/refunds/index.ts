export {
  /** @public tests of other rooms refund charges with it */
  refundCharge,
} from './refund-charge.ts';
export { adoptFeeReturns } from './adopt-fee-returns.ts';
export { adoptRefunds } from './adopt-refunds.ts';
export { refundPageTypes } from './page-types.ts';
export { refundPages } from './pages.ts';
export {
  finishOpenRefund,
  /** @public tests of other rooms finish refunds with it */
  finishRefunds,
} from './finish-refunds.ts';
export { finishRefundsJob } from './jobs.ts';
export { type RefundPart, type ReservedRefund, reservePayout, reserveRefundsOfEntries } from './refund-entries.ts';
export {
  bookHeldRefund,
  failHeldRefund,
  findHeldOutcome,
  findHeldRefunds,
  type HeldRefund,
  type HeldRefundOf,
  sendHeldRefund,
} from './held-refund.ts';
export { reserveRefund } from './reserve-refund.ts';
export { sendRefund } from './send-refund.ts';
export { refundRoutes } from './routes.ts';
