export { bookDispute, findBookedDisputes, revertDispute } from './book-dispute.ts';
export { emitInquiries } from './emit-inquiries.ts';
export { refreshFraudWarnings } from './refresh-fraud-warnings.ts';
