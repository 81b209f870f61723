export {
  /** @public tests of other rooms refund charges with it */
  refundCharge,
} from './refund-charge.ts';
export { refundPageTypes } from './page-types.ts';
export { refundPages } from './pages.ts';
export { finishOpenRefund, finishRefunds } from './finish-refunds.ts';
export { finishRefundsJob } from './jobs.ts';
export { type RefundPart, type ReservedRefund, reservePayout, reserveRefundsOfEntries } from './refund-entries.ts';
export { sendRefund } from './send-refund.ts';
export { refundRoutes } from './routes.ts';
