export {
  type InvoicedLine,
  type NewDocument,
  type NotedAmount,
  type Party,
  partyOf,
  planInvoices,
} from './document.ts';
export {
  type DocumentParts,
  findInvoicedEntries,
  findInvoicesNaming,
  findNoteNumbers,
  findNotesOfEntries,
  type InvoicedEntry,
  issuedDocuments,
  type IssuedDocument,
  type IssuedNote,
  selectInvoiceNumbers,
} from './document-store.ts';
export { issueCreditNotes, planNotesOf } from './issue-credit-notes.ts';
export { type InvoicedOrder, issueInvoices } from './issue-invoices.ts';
export { lockMarkerOrders } from './marker-order-store.ts';
export { documentRoutes } from './routes.ts';
export { type DocumentKey, type DocumentView, findDocument } from './document-view-store.ts';
export { documentChecks } from './document-check-store.ts';
export { documentPages } from './pages.ts';
