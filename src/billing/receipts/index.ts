export { receiptPages } from './pages.ts';
