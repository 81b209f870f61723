export {
  /** @public the proofs of money write off without a request */
  cancelBalance,
} from './cancel-balance.ts';
export {
  /** @public the proofs of money confirm a file without a page */
  confirmFile,
  forgetPaymentUploadsJob,
  /** @public the proofs of money upload a file without a page */
  previewFile,
} from './import-file.ts';
export { adjustmentsPage, importPage } from './page-types.ts';
export { importPages } from './import-pages.ts';
export { adjustmentPages } from './pages.ts';
export { balanceRoutes } from './routes.ts';
