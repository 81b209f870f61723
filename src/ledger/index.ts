export { DEFAULT_UNIT, type EventBalance, mainAmount, type StatementBalance, sumByUnit } from './balance.ts';
export {
  balance,
  eventBalance,
  type Holding,
  holdingsByEvent,
  isLocked,
  outstandingReceivable,
  statementBalance,
  unpaidOrders,
} from './balance-store.ts';
export { type Account, accounts, convertAmount, type Entry, moveAmount, type NewEntry, type Place } from './entry.ts';
export { findEntries, findEventEntries } from './event-store.ts';
export { listHistory, type ListRequest } from './list-transactions.ts';
export { type NewEvent, postEvent } from './post-event.ts';
export { presentTransactions } from './present-transactions.ts';
export { ledgerProblems } from './problems.ts';
export { ledgerRoutes } from './routes.ts';
export { balanceFields, type TransactionBody, TransactionPage, TransactionSchema } from './schemas.ts';
export type { Transaction } from './transaction.ts';
export { type BalancePage, lastInstant, upToNow, withBalance } from './balance-page.ts';
export { type ExportFormat, exportLedger, isExportFormat } from './export-ledger.ts';
export { type Verification, verifyLedger, type Violation } from './verify-ledger.ts';
