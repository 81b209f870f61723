export { receiptPageTypes } from './page-types.ts';
export { receiptPages } from './pages.ts';
export { viewHistory } from './view-history.ts';
