export { DEFAULT_UNIT, mainAmount, type SubjectBalance } from './balance.ts';
export {
  findBalance,
  findHoldings,
  findOwingSubjects,
  findStatementBalance,
  findSubjectOrders,
} from './balance-store.ts';
export { type BalancePage, upToNow, withBalance } from './balance-page.ts';
export { type Account, accounts, convertAmount, type Entry, moveAmount, type NewEntry, type Place } from './entry.ts';
export { findEntries, findEventEntries } from './event-store.ts';
export { type ExportFormat, exportLedger, isExportFormat } from './export-ledger.ts';
export { makeLedger } from './ledger.ts';
export { listHistory, type ListRequest } from './list-transactions.ts';
export { type NewEvent, postEvent } from './post-event.ts';
export { balanceFields, type PresentedTransaction, type TransactionBody, TransactionSchema } from './schemas.ts';
export { fromSubjectColumns, isSameSubject, type LedgerSubject, subjectText, toSubjectColumns } from './subject.ts';
export { type Verification, verifyLedger, type Violation } from './verify-ledger.ts';
export { transactionFields } from './transaction-store.ts';
