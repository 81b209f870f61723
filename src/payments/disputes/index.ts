export { bookDispute, revertDispute } from './book-dispute.ts';
