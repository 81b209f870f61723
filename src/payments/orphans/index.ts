export { finishOrphan } from './finish-orphan.ts';
export { refundOrphansJob } from './jobs.ts';
export { returnPayment, watchPayment } from './return-payment.ts';
