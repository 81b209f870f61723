export { finishPendingRefunds } from './jobs.ts';
export { refundRoutes } from './routes.ts';
