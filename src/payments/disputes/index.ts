export { bookDispute, findBookedDisputes, revertDispute } from './book-dispute.ts';
