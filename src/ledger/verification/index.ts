export { verifyLedgerJob } from './jobs.ts';
export { findLastVerification } from './verification-store.ts';
export { type LedgerVerification, verifyLedger } from './verify-ledger.ts';
export { countLedger } from './violation-store.ts';
