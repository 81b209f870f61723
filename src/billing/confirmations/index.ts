export { finishPaymentJob } from './finish-payment.ts';
export { confirmationPages } from './pages.ts';
