export { transactionPageTypes } from './page-types.ts';
export { transactionPages } from './pages.ts';
