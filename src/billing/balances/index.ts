export { groupParts, offlineEntries, takeParts, writeOffEntries } from './adjustment.ts';
export { addPayables, dueParts, makeCheckSubject, writeOffDue } from './cancel-balance.ts';
export { recordAdjustments, withUsername } from './record-adjustments.ts';
export { confirmFile, forgetPaymentUploadsJob, previewFile } from './import-file.ts';
export { adjustmentsPage, importPage } from './page-types.ts';
export { importPages } from './import-pages.ts';
export { adjustmentPages } from './pages.ts';
export { balanceRoutes } from './routes.ts';
