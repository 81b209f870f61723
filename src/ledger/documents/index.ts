export { type InvoicedLine, planInvoices } from './document.ts';
export { type DocumentParts, issuedDocuments, type IssuedDocument } from './document-store.ts';
export { issueCreditNotes } from './issue-credit-notes.ts';
export { documentRoutes } from './routes.ts';
