export { finishOrphan } from './finish-orphan.ts';
export { cancelPaymentJob, refundOrphansJob } from './jobs.ts';
export { returnPayment, watchPayment } from './return-payment.ts';
