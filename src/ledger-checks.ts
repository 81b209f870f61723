import { billingLedgerChecks } from '#billing';
import { documentChecks, type LedgerCheck } from '#ledger';
import { metricsLedgerChecks } from '#metrics';
import { paymentsLedgerChecks } from '#payments';

/** Rules of all rooms that the verification of the ledger checks besides those of its entries. */
export const ledgerChecks: readonly LedgerCheck[] = [
  ...documentChecks,
  ...paymentsLedgerChecks,
  ...billingLedgerChecks,
  ...metricsLedgerChecks,
];
