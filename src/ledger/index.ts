export { DEFAULT_UNIT, selectMainAmount, sumByUnit, type StatementBalance, type SubjectBalance } from './balance.ts';
export {
  findAmountsDue,
  findBalance,
  findHoldings,
  findOwedSubjects,
  findOwingProfiles,
  findOwingSubjects,
  findStatementBalance,
  findSubjectOrders,
  type Holding,
  holdingsOn,
  selectBalance,
  statementBalance,
} from './balance-store.ts';
export {
  documentChecks,
  type DocumentParts,
  type DocumentView,
  findDocument,
  findInvoicedEntries,
  findInvoicesNaming,
  findNotesOfEntries,
  type InvoicedEntry,
  type IssuedNote,
  type Party,
  partyOf,
  selectInvoiceNumbers,
  type InvoicedLine,
  type InvoicedOrder,
  issueCreditNotes,
  issueInvoices,
  issuedDocuments,
  type IssuedDocument,
  lockMarkerOrders,
  type NewDocument,
  type NotedAmount,
  planNotesOf,
  planInvoices,
} from './documents/index.ts';
export { type BalancePage, boundToNow, addBalance } from './balance-page.ts';
export {
  checkpointText,
  parseCheckpoint,
  /** @public tests and the bench seal without a worker */
  sealLedger,
} from './chain/index.ts';
export { defineCheck, type Finding, FINDINGS_MAX, type LedgerCheck } from './check.ts';
export {
  creditBalances,
  eventPayments,
  orderEntries,
  subjectIncomes,
  subjectNotes,
  subjectRefunds,
} from './check-facts-store.ts';
export { accounts, convertAmount, type Entry, moveAmount, type NewEntry, type ProfileAccount } from './entry.ts';
export { entriesById, findEntries, findEntriesOfEvents, findEntriesAndOn, findEventEntries } from './event-store.ts';
export {
  countFundsEvents,
  findFundsEvents,
  findFundsEventsByKeys,
  findFundsOwners,
  findFundsSpanEnd,
  type FundsEvent,
} from './funds-event-store.ts';
export { exportLedger, isExportFormat } from './export-ledger.ts';
export { makeLedger } from './ledger.ts';
export { listHistory, listReceivables, listTransfers, readHistory } from './list-transactions.ts';
export { findOfflinePayments, unpaidAmount } from './unpaid-amount-store.ts';
export { type NewEvent, postEvent, postEvents } from './post-event.ts';
export { rebuildBalances } from './rebuild-balances.ts';
export { selectEntries } from './transaction-store.ts';
export type { Transaction } from './transaction.ts';
export { presentTransactions } from './present-transactions.ts';
export { balanceFields, type PresentedTransaction, TransactionSchema } from './schemas.ts';
export { fromSubjectColumns, isSameSubject, type LedgerSubject, subjectText, toSubjectColumns } from './subject.ts';
export { describeNote } from './transaction.ts';
export {
  type ConvertedPayments,
  findConvertedPayments,
  findSubjectIncomes,
  findUnpaidIncome,
  lockSubjects,
  subjectsLock,
  unpaidIncome,
  type SubjectIncome,
  type UnpaidIncome,
} from './income/index.ts';
export { countLedger, type LedgerVerification, verifyLedger } from './verification/index.ts';
