import type { LedgerCheck } from '#ledger';

/** Rules of all rooms that the verification of the ledger checks besides those of the ledger. */
export const ledgerChecks: readonly LedgerCheck[] = [];
