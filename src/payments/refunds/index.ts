export { finishOpenRefund } from './finish-refunds.ts';
export { finishPendingRefunds } from './jobs.ts';
export { refundRoutes } from './routes.ts';
