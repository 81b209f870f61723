import { billingLedgerChecks } from '#billing';
import type { LedgerCheck } from '#ledger';
import { paymentsLedgerChecks } from '#payments';

/** Rules of all rooms that the verification of the ledger checks besides those of the ledger. */
export const ledgerChecks: readonly LedgerCheck[] = [...paymentsLedgerChecks, ...billingLedgerChecks];
